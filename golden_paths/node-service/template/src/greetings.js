// Greetings: an example of a resource. Make it yours.

const schema = {
  params: {
    type: "object",
    required: ["name"],
    properties: { name: { type: "string", minLength: 1, maxLength: 50 } },
  },
  response: {
    200: {
      type: "object",
      required: ["text"],
      properties: { text: { type: "string" } },
    },
  },
};

/**
 * @typedef {object} Params
 * @property {string} name
 */

/** @param {import("fastify").FastifyInstance} app */
export function addGreetings(app) {
  app.get("/greetings/:name", { schema }, (request) => {
    const params = /** @type {Params} */ (request.params);
    return { text: `Hello ${params.name}` };
  });
}
