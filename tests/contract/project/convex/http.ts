import { httpRouter } from "convex/server";
import { internal } from "./_generated/api.js";
import { httpAction } from "./_generated/server.js";

const http = httpRouter();

http.route({
  path: "/names",
  method: "GET",
  handler: httpAction(async (ctx) => Response.json(await ctx.runQuery(internal.library.names, {}))),
});

http.route({
  pathPrefix: "/echo/",
  method: "POST",
  handler: httpAction(
    async (_ctx, request) =>
      new Response(await request.text(), { status: 201, headers: { "x-path": new URL(request.url).pathname } }),
  ),
});

export default http;
