"""A pipeline that lets people go first between two documents: python3 embed_documents.py"""

import asyncio
import os

from headgate import DEFAULT_URL, Gate, Priority


async def embed(document: str) -> None:
    """Stands for your own work on the GPU."""
    await asyncio.sleep(0.01)
    print(f"embedded {document}")


async def main() -> None:
    gate = Gate(os.environ.get("HEADGATE_URL", DEFAULT_URL))
    async with gate.acquire(Priority.BACKGROUND, label="embed", preemptible=True) as permit:
        for number in range(10):
            await embed(f"document {number}")
            if permit.asked.is_set():
                await permit.step_aside()


asyncio.run(main())
