// Runs the code of the page, as it stands in it, on the questions that come as JSON: see browser.py.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const { script, questions } = JSON.parse(readFileSync(0, "utf-8"));
vm.runInThisContext(`${script}\nglobalThis.verso = verso;`);

const bytes = (encoded) => Uint8Array.from(Buffer.from(encoded, "base64"));
const answers = [];
for (const one of questions) {
  try {
    const layer = one.asks === "ledger"
      ? await verso.ledgerOf(bytes(one.file), verso.text(bytes(one.proof)), one.keys)
      : await verso.watermarkOf({ data: bytes(one.pixels), height: one.height, width: one.width });
    answers.push({ ...layer, state: verso.stateOf(layer) });
  } catch (error) {
    answers.push({ error: error instanceof verso.Bad ? "bad" : String(error) });
  }
}
process.stdout.write(JSON.stringify(answers, (_, value) => (typeof value === "bigint" ? String(value) : value)));
