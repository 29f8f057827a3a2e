import type { FastifyPluginAsync } from "fastify";
import type { BatchService } from "../../batch/batch-service.ts";
import { fileWish } from "../../batch/file-wish.ts";
import type { Query } from "../../batch/list-page.ts";
import type { Control } from "../control/control.ts";
import { Refused } from "../refused.ts";
import { discardRest } from "../unread-body.ts";
import { tenantOf } from "./batch-caller.ts";
import { sendContent } from "./content-route.ts";
import { readForm } from "./multipart.ts";

interface ById {
  readonly Params: { readonly id: string };
}

/** `/v1/files`: OpenAI's Files API. Uploads go to disk as they come and count for no budget of memory. */
export function fileRoutes(control: Control, { files }: BatchService): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    // Read by the route itself, as a stream.
    app.addContentTypeParser("multipart/form-data", (_request, _payload, done) => done(null));
    app.addContentTypeParser("*", (_request, _payload, done) => {
      const message = "the body must be a form: send it as multipart/form-data with the parts file and purpose";
      done(new Refused("refused", { status: 415, code: "unsupported_media_type", message }));
    });

    app.post("/v1/files", async (request, reply) => {
      const tenant = tenantOf(control, request);
      const upload = await files.beginUpload();
      try {
        const form = await readForm(request.raw, control.clock, (chunk) => upload.write(chunk));
        return await files.add(tenant, upload, fileWish(form.filename, form.fields));
      } catch (error) {
        // Many clients read the answer only once they have sent everything.
        reply.raw.once("finish", () => discardRest(request.raw, control.clock));
        throw error;
      } finally {
        await upload.discard();
      }
    });

    app.get<{ Querystring: Query }>("/v1/files", async (request) =>
      files.list(tenantOf(control, request), request.query),
    );

    app.get<ById>("/v1/files/:id", async (request) => files.show(tenantOf(control, request), request.params.id));

    app.delete<ById>("/v1/files/:id", async (request) => files.remove(tenantOf(control, request), request.params.id));

    app.route<ById>({
      method: ["GET", "HEAD"],
      url: "/v1/files/:id/content",
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const asked = { tenant: tenantOf(control, request), id: request.params.id };
        return sendContent(files, asked, request, reply);
      },
    });
  };
}
