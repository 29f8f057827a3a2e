/**
 * `npm run build:dashboard`: the dashboard alone, for those who run Headgate from its sources.
 */
import { buildDashboard } from "./dashboard.ts";

await buildDashboard();
