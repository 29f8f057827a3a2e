"""Run against a gateway of one permit that nobody else uses: HEADGATE_URL=http://127.0.0.1:11400 python3 -m unittest"""

import asyncio
import json
import os
import socket
import unittest
import urllib.request

from headgate import Gate, HeadgateError, Permit, Priority, acquire_mlx_gate, get_mlx_gate

URL = os.environ["HEADGATE_URL"]


async def call(path: str, method: str = "GET") -> dict:
    request = urllib.request.Request(URL + path, method=method)

    def send() -> dict:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    return await asyncio.to_thread(send)


async def in_line(gate: Gate, **wish: object) -> "asyncio.Task[Permit]":
    """Asks for a permit in a task of its own, and waits until the gateway has put it in line."""
    waits = asyncio.Event()

    async def acquire() -> Permit:
        return await gate.acquire(on_wait=lambda position: waits.set(), **wish)

    task = asyncio.create_task(acquire())
    await waits.wait()
    return task


class PermitTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.gate = Gate(URL)

    async def asyncTearDown(self) -> None:
        """Whatever a test has held is free again: else this would wait for ever."""
        async with self.gate.acquire(timeout=20):
            pass

    async def test_the_block_holds_the_permit_and_gives_it_back(self) -> None:
        async with self.gate.acquire(Priority.FOREGROUND, label="python") as permit:
            self.assertEqual(permit.priority, 0)
            self.assertEqual(permit.base_url, f"{URL}/permit/{permit.id}")
            self.assertEqual(await call(f"/headgate/permits/{permit.id}"), {"id": permit.id, "held": True})
        self.assertTrue(permit.over.is_set())
        self.assertIsNone(permit.error)
        self.assertFalse(permit.release())

    async def test_who_says_nothing_is_background(self) -> None:
        async with self.gate.acquire() as permit:
            self.assertEqual(permit.priority, Priority.BACKGROUND)

    async def test_the_smallest_priority_goes_first_and_equals_go_in_order_of_arrival(self) -> None:
        order = []

        async def work(name: str, priority: float, position: "asyncio.Future[int]") -> None:
            async with self.gate.acquire(priority, on_wait=position.set_result):
                order.append(name)

        positions = []
        async with asyncio.TaskGroup() as tasks:
            async with self.gate.acquire():
                for name, priority in [("pipeline", 100), ("agent", 50), ("later", 100), ("person", 0)]:
                    position = asyncio.get_running_loop().create_future()
                    tasks.create_task(work(name, priority, position))
                    positions.append(await position)
        self.assertEqual(positions, [1, 1, 3, 1])
        self.assertEqual(order, ["person", "agent", "pipeline", "later"])

    async def test_a_request_under_the_base_url_uses_the_permit(self) -> None:
        async with self.gate.acquire() as permit:
            answer = await call(f"/permit/{permit.id}/v1/models")
            self.assertEqual(answer["object"], "list")

    async def test_a_cancelled_waiter_leaves_the_line_at_once(self) -> None:
        async with self.gate.acquire():
            first = await in_line(self.gate)
            first.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await first
            second = await in_line(self.gate)
        (await second).release()

    async def test_a_cancelled_holder_gives_the_permit_back(self) -> None:
        held = asyncio.Event()

        async def work() -> None:
            async with self.gate.acquire():
                held.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await held.wait()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        (await self.gate.acquire()).release()

    async def test_no_permit_is_lost_whenever_its_task_is_cancelled(self) -> None:
        async def work() -> None:
            async with self.gate.acquire():
                await asyncio.sleep(0)

        for turns in range(40):
            task = asyncio.create_task(work())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
        (await self.gate.acquire(timeout=20)).release()

    async def test_waiting_too_long_fails_with_the_gateways_own_word(self) -> None:
        async with self.gate.acquire():
            with self.assertRaises(HeadgateError) as failed:
                await self.gate.acquire(timeout=0.01)
        self.assertEqual(failed.exception.code, "queue_timeout")

    async def test_a_preemptible_holder_is_asked_steps_aside_and_comes_back_in_its_old_place(self) -> None:
        async with self.gate.acquire(preemptible=True) as pipeline:
            self.assertFalse(await pipeline.step_aside())
            later = await in_line(self.gate)
            person = await in_line(self.gate, priority=Priority.FOREGROUND)
            await pipeline.asked.wait()
            aside = asyncio.create_task(pipeline.step_aside())
            (await person).release()
            self.assertTrue(await aside)
            self.assertFalse(pipeline.asked.is_set())
            self.assertFalse(later.done())
        (await later).release()

    async def test_a_cancelled_step_aside_ends_the_permit(self) -> None:
        async with self.gate.acquire(preemptible=True) as pipeline:
            person = await in_line(self.gate, priority=Priority.FOREGROUND)
            aside = asyncio.create_task(pipeline.step_aside())
            held = await person
            aside.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await aside
            self.assertTrue(pipeline.over.is_set())
            with self.assertRaises(HeadgateError) as failed:
                await pipeline.step_aside()
            self.assertEqual(failed.exception.code, "permit_released")
        held.release()

    async def test_a_step_aside_that_does_not_come_back_in_time_ends_the_permit(self) -> None:
        pipeline = await self.gate.acquire(preemptible=True)
        person = await in_line(self.gate, priority=Priority.FOREGROUND)
        with self.assertRaises(HeadgateError) as failed:
            await pipeline.step_aside(timeout=0.01)
        self.assertEqual(failed.exception.code, "queue_timeout")
        self.assertTrue(pipeline.over.is_set())
        (await person).release()

    async def test_a_lost_permit_stops_the_block_and_says_why(self) -> None:
        with self.assertRaises(HeadgateError) as failed:
            async with self.gate.acquire() as permit:
                await call(f"/headgate/permits/{permit.id}", "DELETE")
                await asyncio.Event().wait()
        self.assertEqual(failed.exception.code, "permit_released")
        # The cancellation was used up with it.
        self.assertEqual(asyncio.current_task().cancelling(), 0)
        await asyncio.sleep(0)

    async def test_a_permit_that_is_lost_while_it_stands_aside_says_so(self) -> None:
        pipeline = await self.gate.acquire(preemptible=True)
        person = await in_line(self.gate, priority=Priority.FOREGROUND)
        aside = asyncio.create_task(pipeline.step_aside())
        held = await person
        await call(f"/headgate/permits/{pipeline.id}", "DELETE")
        with self.assertRaises(HeadgateError) as failed:
            await aside
        self.assertEqual(failed.exception.code, "permit_released")
        held.release()

    async def test_a_refusal_is_told_with_its_code_and_status(self) -> None:
        with self.assertRaises(HeadgateError) as failed:
            await Gate(URL, upstream="no such").acquire()
        self.assertEqual((failed.exception.code, failed.exception.status), ("unknown_upstream", 404))

    async def test_a_gateway_that_is_not_there_is_told_with_the_remedy(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            with self.assertRaises(HeadgateError) as failed:
                await Gate(f"http://127.0.0.1:{free.getsockname()[1]}").acquire()
        self.assertEqual(failed.exception.code, "gateway_unreachable")
        self.assertIn("headgate serve", str(failed.exception))

    def test_an_address_that_is_none_is_refused_at_once(self) -> None:
        with self.assertRaises(ValueError):
            Gate("127.0.0.1:11400")


class BrokenGatewayTest(unittest.IsolatedAsyncioTestCase):
    async def answer(self, *pieces: bytes) -> HeadgateError:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"}")
            for piece in pieces:
                writer.write(piece)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with self.assertRaises(HeadgateError) as failed:
                async with Gate(f"http://127.0.0.1:{port}").acquire():
                    await asyncio.Event().wait()
            return failed.exception
        finally:
            server.close()
            await server.wait_closed()

    async def test_somebody_who_is_no_gateway_is_told_apart(self) -> None:
        self.assertEqual((await self.answer(b"SSH-2.0-OpenSSH\r\n\r\n")).code, "gateway_unreachable")
        page = b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>"
        self.assertEqual((await self.answer(page)).code, "gateway_unreachable")

    async def test_a_gateway_that_dies_takes_the_permit_with_it(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        line = b'{"event":"granted","id":"permit_1","waitedMs":0,"priority":100}\n'
        for pieces in ([head], [head, b"%x\r\n%s\r\n" % (len(line), line)], [head, b"3\r\nno\n\r\n"]):
            self.assertEqual((await self.answer(*pieces)).code, "connection_lost")


class LegacyTest(unittest.IsolatedAsyncioTestCase):
    async def test_the_names_of_the_original_gate_hold_the_gateways_permit(self) -> None:
        async with acquire_mlx_gate(Priority.FOREGROUND) as permit:
            self.assertEqual(permit.priority, 0)
        async with acquire_mlx_gate() as permit:
            self.assertEqual(permit.priority, 100)
        async with get_mlx_gate() as nothing:
            self.assertIsNone(nothing)
            (holder,) = [view for view in (await call("/headgate/status"))["requests"] if view["state"] == "running"]
            self.assertEqual(holder["priority"], 100)


if __name__ == "__main__":
    unittest.main()
