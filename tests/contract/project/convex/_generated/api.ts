import { anyApi, type ApiFromModules, type FilterApi, type FunctionReference } from "convex/server";
import type * as actions from "../actions.js";
import type * as library from "../library.js";
import type * as limits from "../limits.js";
import type * as moment from "../moment.js";

type Modules = ApiFromModules<{
  actions: typeof actions;
  library: typeof library;
  limits: typeof limits;
  moment: typeof moment;
}>;

export const api = anyApi as unknown as FilterApi<
  Modules,
  FunctionReference<"query" | "mutation" | "action", "public">
>;
export const internal = anyApi as unknown as FilterApi<
  Modules,
  FunctionReference<"query" | "mutation" | "action", "internal">
>;
