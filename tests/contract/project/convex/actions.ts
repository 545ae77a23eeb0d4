/** Actions: calls of their own, the network, files. */
import { v } from "convex/values";
import { api, internal } from "./_generated/api.js";
import { action } from "./_generated/server.js";

export const addTwice = action({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<string[]> => {
    await ctx.runMutation(api.library.addAuthor, { name: `${name} 1` });
    await ctx.runMutation(api.library.addAuthor, { name: `${name} 2` });
    return ctx.runQuery(internal.library.names, {});
  },
});

export const fetchText = action({
  args: { url: v.string() },
  handler: async (_ctx, { url }) => (await fetch(url)).text(),
});

export const storeText = action({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    const id = await ctx.storage.store(new Blob([text], { type: "text/plain" }));
    return { id, url: await ctx.storage.getUrl(id) };
  },
});

export const whoAmI = action({ args: {}, handler: (ctx) => ctx.auth.getUserIdentity() });

/** Pauses the deployment, as its administrator could meanwhile, and goes on calling. */
export const goOnWhilePaused = action({
  args: { url: v.string(), key: v.string() },
  handler: async (ctx, { url, key }): Promise<string> => {
    await fetch(`${url}/api/v1/pause_deployment`, { method: "POST", headers: { Authorization: `Convex ${key}` } });
    const failure: unknown = await ctx.runQuery(internal.library.names, {}).catch((error: unknown) => error);
    return failure instanceof Error ? failure.message : "no failure";
  },
});
