/** Entry of a reward thread that does what the reply says: hangs, never answers, throws, or gives the number that it is. */
export default function score({ input }: { input: { reply: string } }) {
  if (input.reply === "hang") for (;;);
  if (input.reply === "never") return new Promise(() => {});
  if (input.reply === "throw") throw new Error("no parser for this");
  const reward = Number(input.reply);
  return { reward, exact: false, errorClass: "", scorer: "odd@1", components: [], explanationJson: "{}" };
}
