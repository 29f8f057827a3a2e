import type { FastifyReply, FastifyRequest } from "fastify";
import type { FileDesk } from "../../batch/file-desk.ts";
import { byteRange } from "./byte-range.ts";

/**
 * The bytes of a file, whole or a part of them. A file never changes, so its id is its ETag, and a client that broke off may go on with
 * `Range` and `If-Range`.
 */
export async function sendContent(
  files: FileDesk,
  asked: { readonly tenant: string; readonly id: string },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await files.find(asked.tenant, asked.id);
  const tag = `"${file.id}"`;
  const { range, "if-range": ifRange, "if-none-match": ifNoneMatch } = request.headers;
  reply.headers({ "Accept-Ranges": "bytes", ETag: tag });
  if (ifNoneMatch === tag || ifNoneMatch === "*") return reply.code(304).send();
  const wanted = request.method === "HEAD" || (ifRange !== undefined && ifRange !== tag) ? undefined : range;
  const part = byteRange(wanted, file.bytes);
  if (part === null) return reply.code(416).header("Content-Range", `bytes */${file.bytes}`).send();
  const { start, end } = part ?? { start: 0, end: file.bytes };
  reply.headers({
    "Content-Type": "application/octet-stream",
    "Content-Length": end - start,
    // What somebody uploaded must never run as a page of this gateway's.
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.filename.toWellFormed())}`,
  });
  if (part !== undefined) reply.code(206).header("Content-Range", `bytes ${start}-${end - 1}/${file.bytes}`);
  return reply.send(request.method === "HEAD" ? undefined : await files.read(file, { start, end }));
}
