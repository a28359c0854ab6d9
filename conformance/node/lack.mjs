// The one way to say that an SDK has no way to ask for something.

export function cannot(why) {
  throw Object.assign(new Error(why), { cannotSay: true });
}

export function lacks(request, names, why = "no member") {
  for (const name of names) if (name in request) cannot(`${why} ${name}`);
}

export const tools = (cell, make) => cell.request.tools?.map((name) => make({ name, ...cell.tools[name] }));
