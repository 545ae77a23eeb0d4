import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  authors: defineTable({ name: v.string(), email: v.optional(v.string()), age: v.optional(v.number()) })
    .index("by_email", ["email"])
    .index("by_age", ["age"]),
  books: defineTable({
    author: v.id("authors"),
    title: v.string(),
    pages: v.optional(v.number()),
    copies: v.optional(v.int64()),
    cover: v.optional(v.bytes()),
    tags: v.optional(v.array(v.string())),
    state: v.optional(v.union(v.literal("draft"), v.literal("printed"))),
    notes: v.optional(v.any()),
  })
    .index("by_author", ["author", "title"])
    .index("by_pages", ["pages"]),
});
