import { assertEquals, assertRejects } from "@std/assert";
import { ifThere } from "../../../../core/files/if_there.ts";
import { generatorConfiguration } from "../../../../core/unclip/training/generator_configuration.ts";
import {
  trainGenerator,
  type TrainGeneratorOptions,
} from "../../../../core/unclip/training/train_generator.ts";
import { inFolder } from "../../../in_folder.ts";
import { TINY, tinyTraining } from "./tiny_generator.ts";

const { autoencoder, unet, textEncoder } = TINY;

/** Refuses a training with a message, and leaves no folder. */
async function refuse(options: TrainGeneratorOptions, message: string): Promise<void> {
  await assertRejects(() => trainGenerator(options), Error, message);
  assertEquals(await ifThere(Deno.lstat(options.output)), undefined);
}

Deno.test("trainGenerator() refuses what cannot be trained before anything is written, by the names of a configuration", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const projection = { embedding: 4, emphasis: 0, draws: 1 };
    const cases: readonly (readonly [Partial<typeof TINY>, string])[] = [
      [
        { imageSize: 17 },
        "imageSize must be divisible by 2, the factor of the 2 levels of autoencoder.channels, found 17",
      ],
      [
        { autoencoder: { ...autoencoder, channels: [4, 9], groups: 4 } },
        "autoencoder.channels must be divisible by the 4 of autoencoder.groups, found 9",
      ],
      [
        { unet: { ...unet, channels: [8, 100], groups: 8 } },
        "unet.channels must be divisible by the 8 of unet.groups, found 100",
      ],
      [
        { unet: { ...unet, channels: [9, 16], groups: 1 } },
        "unet.channels must begin with an even number, found 9",
      ],
      [
        { unet: { ...unet, channels: [8, 28], headWidth: 9 } },
        "unet.headWidth must give a number of heads that divides the channels of levels with attention, found 3 heads of 28 " +
        "channels",
      ],
      [
        { unet: { ...unet, attentionLevels: [0, 7] } },
        "unet.attentionLevels must be at most 1, the last of unet.channels counted from 0, found 7",
      ],
      [
        { unet: { ...unet, warmupSteps: 6 } },
        "unet.warmupSteps must be at most the 5 of unet.steps, found 6",
      ],
      [
        { autoencoder: { ...autoencoder, warmupSteps: 6 } },
        "autoencoder.warmupSteps must be at most the 5 of autoencoder.steps, found 6",
      ],
      [
        { autoencoder: { ...autoencoder, batchSize: 11 } },
        "autoencoder.batchSize must be at most the 10 images of a pass, found 11",
      ],
      [
        { unet: { ...unet, batchSize: 21 } },
        "unet.batchSize must be at most the 20 images of a pass, found 21",
      ],
      [
        { draws: 1, unet: { ...unet, stableTargets: true } },
        "unet.stableTargets must have draws of at least 2, whose mean they are, found 1",
      ],
      [
        { textEncoder: { ...textEncoder, heads: 3 } },
        "textEncoder.width must be divisible by the 3 of textEncoder.heads, found 8",
      ],
      [
        { textEncoder: { ...textEncoder, tokens: 1 } },
        "textEncoder.tokens must be at least 2, the start and the end of a text, found 1",
      ],
      [
        { projection: { ...projection, embedding: 6 } },
        "projection.embedding must be a power of two below the number of images, 10, found 6",
      ],
      [
        { projection: { ...projection, embedding: 16 } },
        "projection.embedding must be a power of two below the number of images, 10, found 16",
      ],
    ];
    for (const [changed, message] of cases) {
      const configuration = { ...TINY, ...changed };
      await refuse({ ...options, configuration }, `Cannot train a generator: ${message}`);
    }
    const imageEncoder = `${root}/nowhere`;
    await refuse({ ...options, imageEncoder }, `${imageEncoder}/image_encoder/config.json`);
    const several = { ...TINY, imageSize: 17, unet: { ...unet, warmupSteps: 6 } };
    await refuse({ ...options, configuration: several }, "found 17; unet.warmupSteps");
  }));

Deno.test("trainGenerator() fine-tunes at the size of the generator and by its embeddings alone, whatever sizes are given", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const from = `${root}/published`;
    // The golden's UNet takes latents of 16 x 16, each of 8 x 8 pixels.
    const tuning = { ...options, from, signal: AbortSignal.abort() };
    await refuse(
      tuning,
      `Cannot fine-tune ${from}: imageSize must be 128, at which its UNet was trained, found 16`,
    );
    const configuration = { ...TINY, imageSize: 128 };
    const small = `${root}/small`;
    const path = `${small}/image_encoder/config.json`;
    await Deno.mkdir(`${small}/image_encoder`, { recursive: true });
    const published = JSON.parse(
      await Deno.readTextFile(`${from}/image_encoder/config.json`),
    );
    await Deno.writeTextFile(path, JSON.stringify({ ...published, projection_dim: 2 }));
    await refuse(
      { ...tuning, configuration, imageEncoder: small },
      `the image encoder of ${small} must have embeddings of ${published.projection_dim}, which the generator's UNet takes, found 2`,
    );
    // Its own sizes are what counts, and of what is frozen nothing does.
    const given = {
      ...configuration,
      autoencoder: { ...autoencoder, groups: 3, batchSize: 12, warmupSteps: 6 },
      unet: { ...unet, groups: 3, attentionLevels: [7] },
    };
    assertEquals(await trainGenerator({ ...tuning, configuration: given }), { finished: false });
  }));

Deno.test("trainGenerator() goes on with a run that began before its configuration was checked", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const configuration = { ...TINY, unet: { ...unet, attentionLevels: [7] } };
    const { imageEncoder, output } = options;
    await Deno.mkdir(output);
    await Deno.writeTextFile(
      `${output}/configuration.json`,
      `${JSON.stringify({ ...configuration, imageEncoder }, undefined, 2)}\n`,
    );
    const resumed = { ...options, configuration, resume: true, signal: AbortSignal.abort() };
    assertEquals(await trainGenerator(resumed), { finished: false });
  }));

Deno.test("generatorConfiguration() shortens a warm-up that is not given to a tenth of the steps, and keeps one that is", () => {
  const warmups = (given: unknown) => {
    const configuration = generatorConfiguration(given, "the test");
    return [configuration.autoencoder.warmupSteps, configuration.unet.warmupSteps];
  };
  assertEquals(warmups({}), [100, 100]);
  assertEquals(warmups({ autoencoder: { steps: 999 }, unet: { steps: 5 } }), [99, 0]);
  assertEquals(warmups({ unet: { steps: 50, warmupSteps: 50 } }), [100, 50]);
  const recorded = generatorConfiguration({ unet: { steps: 50, warmupSteps: 100 } }, "the test");
  assertEquals(generatorConfiguration(recorded, "the test"), recorded);
});
