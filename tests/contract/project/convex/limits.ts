/** Functions at the limits: large results, many writes, tables that nobody declared. */
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { mutation, query } from "./_generated/server.js";

// What a project does that demands a variable: it does not load without it, or, here, with it.
if (process.env.SPOIL_LIMITS !== undefined) throw new Error("SPOIL_LIMITS is set");

/** An array of so many items. */
export const list = query({ args: { items: v.number() }, handler: (_ctx, { items }) => Array(items).fill(null) });

/** A text of so many characters. */
export const text = query({ args: { length: v.number() }, handler: (_ctx, { length }) => "x".repeat(length) });

/** Arrays in arrays, so many deep. */
export const nest = query({
  args: { depth: v.number() },
  handler: (_ctx, { depth }) => {
    let value: unknown = null;
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  },
});

/** So many authors with names of so many characters. */
export const write = mutation({
  args: { documents: v.number(), characters: v.number() },
  handler: async (ctx, { documents, characters }) => {
    for (let i = 0; i < documents; i++) await ctx.db.insert("authors", { name: "x".repeat(characters) });
    return null;
  },
});

export const schedule = mutation({
  args: { jobs: v.number() },
  handler: async (ctx, { jobs }) => {
    for (let i = 0; i < jobs; i++) await ctx.scheduler.runAfter(3_600_000, internal.library.addQuietly, { name: "x" });
    return null;
  },
});

/** A document in a table that the schema does not know; then a failure, if asked for. */
export const makeTable = mutation({
  args: { table: v.string(), fail: v.boolean() },
  handler: async (ctx, { table, fail }): Promise<string> => {
    const id = await ctx.db.insert(table as "authors", { name: "x" });
    if (fail) throw new Error("taken back");
    return id;
  },
});
