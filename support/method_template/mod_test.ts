import {
  backbone,
  buildMethodGraph,
  checkMethod,
  CPU,
  initialWeights,
  sgd,
  TrainingStep,
} from "../../mod.ts";
import plugin from "./mod.ts";

Deno.test("my-method lowers its loss on a batch that stays the same", async () => {
  const graph = buildMethodGraph(checkMethod(plugin, "my-method"), {
    backbone: backbone("resnet18", { stem: "small" }),
    viewSizes: [16, 16],
    batchSize: 4,
  });
  const options = { device: CPU, optimizer: sgd({ momentum: 0.9 }) };
  using step = await TrainingStep.create(graph, options, initialWeights(graph, 0));
  step.views.forEach(({ data }, view) => {
    for (let i = 0; i < data.length; i++) data[i] = Math.sin(i * i) + 0.1 * Math.sin(i + view);
  });
  const losses: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { loss } = await step.run({ learning_rate: 0.02, weight_decay: 0 });
    losses.push(loss);
  }
  const [first, last] = [losses[0]!, losses.at(-1)!];
  if (!(last < first)) throw new Error(`the loss must fall, found ${losses.join(", ")}`);
});
