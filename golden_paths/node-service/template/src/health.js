// Liveness and readiness.

/** @param {import("fastify").FastifyInstance} app */
export function addHealth(app) {
  // Probes come every second; those that go well are not worth a line.
  const options = { logLevel: /** @type {const} */ ("warn") };
  app.get("/live", options, () => ({ status: "ok" }));
  // Ask here what the service cannot work without, and answer 503 while that is away.
  app.get("/ready", options, () => ({ status: "ok" }));
}
