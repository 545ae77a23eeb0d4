/** Functions that the contract tests call: each shows one thing a deployment must do. */
import { paginationOptsValidator } from "convex/server";
import { ConvexError, v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation, internalQuery, mutation, query } from "./_generated/server.js";

const bookFields = {
  author: v.id("authors"),
  title: v.string(),
  pages: v.optional(v.number()),
  copies: v.optional(v.int64()),
  state: v.optional(v.union(v.literal("draft"), v.literal("printed"))),
  notes: v.optional(v.any()),
};

export const addAuthor = mutation({
  args: { name: v.string(), email: v.optional(v.string()), age: v.optional(v.number()) },
  returns: v.id("authors"),
  handler: (ctx, args) => ctx.db.insert("authors", args),
});

export const addBook = mutation({
  args: bookFields,
  handler: (ctx, args) => ctx.db.insert("books", args),
});

export const addManyBooks = mutation({
  args: { author: v.id("authors"), count: v.number() },
  handler: async (ctx, { author, count }) => {
    for (let i = 0; i < count; i++) await ctx.db.insert("books", { author, title: `Book ${i}`, pages: i });
    return null;
  },
});

export const changeBook = mutation({
  args: { id: v.id("books"), fields: v.any() },
  handler: async (ctx, { id, fields }) => {
    await ctx.db.patch(id, fields);
    return ctx.db.get(id);
  },
});

export const clearPages = mutation({
  args: { id: v.id("books") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { pages: undefined });
    return ctx.db.get(id);
  },
});

export const removeBook = mutation({ args: { id: v.id("books") }, handler: (ctx, { id }) => ctx.db.delete(id) });

export const get = query({ args: { id: v.id("books") }, handler: (ctx, { id }) => ctx.db.get(id) });

export const getAnything = query({ args: { id: v.string() }, handler: (ctx, { id }) => ctx.db.get(id as never) });

export const booksOf = query({
  args: { author: v.id("authors") },
  handler: (ctx, { author }) =>
    ctx.db
      .query("books")
      .withIndex("by_author", (q) => q.eq("author", author))
      .collect(),
});

export const longBooks = query({
  args: { from: v.number(), below: v.number() },
  handler: (ctx, { from, below }) =>
    ctx.db
      .query("books")
      .withIndex("by_pages", (q) => q.gte("pages", from).lt("pages", below))
      .order("desc")
      .collect(),
});

export const byAge = query({ args: {}, handler: (ctx) => ctx.db.query("authors").withIndex("by_age").collect() });

export const printedAndShort = query({
  args: { below: v.number() },
  handler: (ctx, { below }) =>
    ctx.db
      .query("books")
      .filter((q) => q.and(q.eq(q.field("state"), "printed"), q.lt(q.field("pages"), below)))
      .take(10),
});

export const page = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: (ctx, { paginationOpts }) => ctx.db.query("books").withIndex("by_pages").paginate(paginationOpts),
});

/** Reads every book of an author, and the same one over and over. */
export const readMuch = query({
  args: { author: v.id("authors"), ranges: v.number() },
  handler: async (ctx, { author, ranges }) => {
    const one = () => ctx.db.query("books").withIndex("by_author", (q) => q.eq("author", author));
    for (let i = 0; i < ranges; i++) await one().first();
    return (await one().collect()).length;
  },
});

/** Every author whose age sorts before `true`, as all numbers and an absent age do. */
export const youngerThanTrue = query({
  args: {},
  handler: async (ctx) => {
    const found = await ctx.db
      .query("authors")
      .filter((q) => q.lt(q.field("age"), true as unknown as number))
      .collect();
    return found.map(({ name }) => name);
  },
});

export const whoAmI = query({ args: {}, handler: (ctx) => ctx.auth.getUserIdentity() });

export const whoWrites = mutation({ args: {}, handler: (ctx) => ctx.auth.getUserIdentity() });

export const echo = query({ args: { value: v.any() }, handler: (_ctx, { value }) => value });

export const environment = query({
  args: { name: v.string() },
  handler: (_ctx, { name }) => process.env[name] ?? null,
});

export const normalize = query({
  args: { id: v.string() },
  handler: (ctx, { id }) => ctx.db.normalizeId("books", id),
});

export const logs = query({
  args: {},
  handler: () => {
    console.log("hello", { a: 1 });
    return null;
  },
});

export const wrongReturn = query({ args: {}, returns: v.string(), handler: () => 1 as unknown as string });

export const failPlainly = query({
  args: {},
  handler: (): null => {
    throw new Error("out of paper");
  },
});

export const failWithData = query({
  args: {},
  handler: (): null => {
    throw new ConvexError({ code: "NO_PAPER", sheets: 3n });
  },
});

export const fetchInQuery = query({ args: {}, handler: async () => (await fetch("http://127.0.0.1:1/")).status });

export const addThenFail = mutation({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<null> => {
    await ctx.db.insert("authors", { name });
    throw new Error("taken back");
  },
});

export const addThenCatch = mutation({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<string[]> => {
    await ctx.db.insert("authors", { name: `${name} kept` });
    try {
      await ctx.runMutation(internal.library.insertAndThrow, { name: `${name} lost` });
    } catch (error) {
      if (!(error instanceof ConvexError)) throw error;
    }
    return (await ctx.runQuery(internal.library.names, {})) as string[];
  },
});

export const insertAndThrow = internalMutation({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<null> => {
    await ctx.db.insert("authors", { name });
    throw new ConvexError("nested");
  },
});

export const names = internalQuery({
  args: {},
  handler: async (ctx): Promise<string[]> => (await ctx.db.query("authors").collect()).map((author) => author.name),
});

export const increment = mutation({
  args: { id: v.id("books") },
  handler: async (ctx, { id }) => {
    const book = await ctx.db.get(id);
    await ctx.db.patch(id, { pages: (book?.pages ?? 0) + 1 });
    return null;
  },
});

export const later = mutation({
  args: { name: v.string() },
  handler: (ctx, { name }): Promise<string> => ctx.scheduler.runAfter(0, internal.library.addQuietly, { name }),
});

export const addQuietly = internalMutation({
  args: { name: v.string() },
  handler: async (ctx, { name }) => {
    await ctx.db.insert("authors", { name });
    return null;
  },
});

export default query({ args: {}, handler: () => "the default export" });
