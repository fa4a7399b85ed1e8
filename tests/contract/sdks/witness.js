// One call of the vendor's JavaScript SDK for each line of JSON; what its models made of the answer, as a line of JSON.
//
// The models take whatever comes, so what they hold is checked here by what they declare themselves: required members,
// allowed values, and numbers and dates that are some.
"use strict";

const readline = require("readline");

const isModel = (value) => Boolean(value) && typeof value === "object" && "initialize" in value.constructor;

function required(model) {
  const parameters = /\(([^)]*)\)/.exec(model.initialize.toString())[1].split(",").slice(1);
  return parameters.map((name) => name.trim());
}

function* problems(value, path) {
  if (typeof value === "number" && Number.isNaN(value)) yield `${path} is no number`;
  if (value instanceof Date && Number.isNaN(value.getTime())) yield `${path} is no date`;
  if (isModel(value)) {
    const model = value.constructor;
    for (const name of required(model)) {
      if (value[name] === undefined || value[name] === null) yield `${path}.${name} of ${model.name} is missing`;
    }
    for (const [name, member] of Object.entries(value)) {
      const allowed = model[`${name[0].toUpperCase()}${name.slice(1)}Enum`];
      for (const one of allowed && member !== undefined ? [].concat(member) : []) {
        if (!Object.values(allowed).includes(one)) yield `${path}.${name} cannot be ${one}`;
      }
    }
  }
  if (value && typeof value === "object") {
    for (const [name, member] of Object.entries(value)) yield* problems(member, `${path}.${name}`);
  }
}

function witnessed(value) {
  const type = isModel(value) ? value.constructor.name : null;
  return { type, value, problems: [...problems(value, "$")] };
}

async function call({ sdk, url, header, api, method, args }) {
  const SDK = require(sdk);
  const client = SDK.ApiClient.instance;
  client.basePath = url;
  client.defaultHeaders = { Authorization: header };
  const given = args.map((one) => (one && one.model ? SDK[one.model].constructFromObject(one.value) : one));
  try {
    return witnessed(await new SDK[api](client)[method](...given));
  } catch (error) {
    if (!error.status) throw error.error || error;
    const Errors = SDK.ErrorResponseWithStatus || SDK.ErrorResponse;
    return { status: error.status, ...witnessed(Errors.constructFromObject(error.body)) };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await call(JSON.parse(line));
    } catch (error) {
      answer = { failure: String(error.stack || error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
