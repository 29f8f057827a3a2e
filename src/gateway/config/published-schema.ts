import { jsonSchema } from "./schema-node.ts";

/** The published `headgate.schema.json`: JSON Schema, draft 2020-12, of what stands in a configuration file. */
export function publishedSchema(): object {
  const { $schema, ...rest } = jsonSchema() as { readonly $schema?: string };
  const title = "Headgate";
  const description = "Configuration of a Headgate gateway. Durations are milliseconds; a smaller priority is sooner.";
  return { $schema, title, description, ...rest };
}
