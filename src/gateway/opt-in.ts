import type { OptIn } from "../engines/engine.ts";
import type { ResumeConfig } from "./config/types.ts";
import { templateIn } from "./model-folder.ts";

/**
 * What the owner of a server wants of it. A chat template that cannot be read is complained about once, and done without: what
 * steps aside then starts over, as it would without the wish.
 */
export async function optInOf(
  { modelFolder, stopStreams }: ResumeConfig,
  complain: (why: string) => void,
): Promise<OptIn> {
  if (modelFolder === undefined) return { chatTemplate: undefined, stopStreams };
  try {
    return { chatTemplate: await templateIn(modelFolder), stopStreams };
  } catch (error) {
    const { message } = error as Error;
    complain(`resume.modelFolder is of no use, and what steps aside starts over: ${message}`);
    return { chatTemplate: undefined, stopStreams };
  }
}
