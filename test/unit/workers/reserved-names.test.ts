import { expect, test } from "vitest";

import { withoutReservedNames } from "../../../src/workers/reserved-names.ts";

/** Glue as jco writes it: what is imported, what comes first of all, and what is made per instance. */
function glueOf(imported: string, made: string, given: string): string {
  return `
  const { ${imported} } = imports['a:b/i'];
  let gen= (function* _initGenerator () {
    let memory0;
    const _trampoline0 = function(arg0) {
      let ret = arg0;
      params = [...arguments].slice(1);
    };
${made}
    return { ${given} };
  })();`;
}

test("glue without such a name is the very same", () => {
  const made =
    "    function greet(arg0) {\n    }\n    const e = {\n      greet: greet,\n      \n    };";
  const glue = glueOf("log, say: say$1", made, "e, 'a:b/e': e,  ");

  expect(withoutReservedNames(glue)).toBe(glue);
});

test.each(["arguments", "memory0", "ret"])(
  "exported functions and an interface named %s keep their keys and get other identifiers",
  (name) => {
    const made = [
      `    function ${name}(arg0) { trace('function="${name}"', { funcName: '${name}' }); }`,
      `    async function ${name}$1(arg0) { }`,
      `    exports0Run = exports0['a:b/e#${name}'];`,
      "    const e = {",
      `      ${name}: ${name}$1,`,
      `      'await: x': ${name},`,
      "      ",
      "    };",
    ];

    const fixed = withoutReservedNames(
      glueOf("log", made.join("\n"), `e, 'a:b/e': e, ${name}, 'await': ${name},  `),
    );

    const [made0 = "", made1 = "", made2 = "", ...rest] = made;
    expect(fixed).toBe(
      glueOf(
        "log",
        [
          made0.replace(`function ${name}(`, `function ${name}$own(`),
          made1,
          made2,
          ...rest.map((line) => line.replace(`: ${name},`, `: ${name}$own,`)),
        ].join("\n"),
        `e, 'a:b/e': e, ${name}: ${name}$own, 'await': ${name}$own,  `,
      ),
    );
  },
);

test.each(["arguments", "ret", "one, ret", "ret, eval: _eval", "one,\n  memory0,\n  two"])(
  "an imported function { %s } is renamed where it is taken and where it is used",
  (names) => {
    const [name = ""] = /arguments|ret|memory0/.exec(names) ?? [];
    const using = (local: string): string =>
      `if (${local}=== undefined) { }\n ret = f(() => _trackHostOperation(() => ${local}(ret)));`;

    const fixed = withoutReservedNames(glueOf(names, using(name), ""));

    const other = `${name}$own`;
    expect(fixed).toBe(glueOf(names.replace(name, `${name}: ${other}`), using(other), ""));
  },
);
