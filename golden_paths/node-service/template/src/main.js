// Serve on the address and port that the environment gives.

import { makeApplication } from "./application.js";
import { readSettings } from "./settings.js";

const settings = readOrExit();
const app = makeApplication(settings);

for (const signal of ["SIGINT", "SIGTERM"]) {
  // Closing lets requests under way finish.
  process.once(signal, () => void app.close());
}
await app.listen({ host: settings.host, port: settings.port });

function readOrExit() {
  try {
    return readSettings(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return process.exit(1);
  }
}
