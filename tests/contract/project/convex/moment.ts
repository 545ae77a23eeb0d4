/** What time and chance look like from inside a transaction. */
import { v } from "convex/values";
import { api } from "./_generated/api.js";
import { action, mutation, query } from "./_generated/server.js";

/** Reads the clock, does work that takes a while, reads it again. */
export const clock = query({
  args: {},
  handler: async (ctx) => {
    const before = [Date.now(), new Date().getTime()];
    for (let i = 0; i < 200_000; i++) JSON.stringify({ i });
    await ctx.db.query("authors").collect();
    return { times: [...before, Date.now()], fixed: new Date(5).getTime(), isDate: new Date() instanceof Date };
  },
});

export const chance = query({ args: {}, handler: () => [Math.random(), Math.random(), Math.random()] });

/** The clock of a mutation and of the mutation that it calls. */
export const nestedClock = mutation({
  args: { depth: v.number() },
  handler: async (ctx, { depth }): Promise<number[]> => {
    for (let i = 0; i < 200_000; i++) JSON.stringify({ i });
    if (depth === 0) return [Date.now()];
    const inner = (await ctx.runMutation(api.moment.nestedClock, { depth: depth - 1 })) as number[];
    return [Date.now(), ...inner];
  },
});

/** An action's clock goes on. */
export const movingClock = action({
  args: {},
  handler: async () => {
    const before = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return Date.now() - before;
  },
});
