"""The article's networks in Keras on TensorFlow, driven line by line by ``train_throughput.py``.

It runs in a virtual environment of its own and imports nothing of this project. Each line on stdin is one
JSON request, each line on stdout its JSON answer, so that both frameworks take turns while the other sleeps.

    {"do": "about"}                                       versions, threads
    {"do": "build", "variant": NAME, "images": FILE.npy}  builds and compiles; seconds of the first steps
    {"do": "train", "variant": NAME, "seconds": S}        trains; images and seconds
    {"do": "check", "weights": FILE.npz, ...}             outputs of both networks for given weights
    {"do": "peak"}                                        multiply-adds a second of a square matrix product

A variant is ``form-precision-compiler``: ``turns`` (a critic step, then a generator step with fresh noise)
or ``together`` (TensorFlow's DCGAN tutorial: both from one forward pass); ``float32`` or ``bfloat16`` (Keras'
own mixed policy); ``graph`` (tf.function) or ``xla`` (tf.function with jit_compile).
"""

import json
import os
import sys
import time

# TensorFlow writes to stdout now and then; the answers get a channel that nothing else can reach.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

LATENT = 100
SLOPE = 0.3
BATCH = 64


def make_generator(policy: str, epsilon: float = 1e-3) -> keras.Model:
    """The article's generator: 100 numbers in, 32 x 32 x 3 in [-1, 1] out."""

    def norm() -> layers.Layer:
        return layers.BatchNormalization(epsilon=epsilon, dtype=policy)

    return keras.Sequential(
        [
            layers.Input((LATENT,)),
            layers.Dense(8 * 8 * 256, use_bias=False, dtype=policy),
            norm(),
            layers.LeakyReLU(negative_slope=SLOPE, dtype=policy),
            layers.Reshape((8, 8, 256), dtype=policy),
            layers.Conv2DTranspose(128, 5, strides=1, padding="same", use_bias=False, dtype=policy),
            norm(),
            layers.LeakyReLU(negative_slope=SLOPE, dtype=policy),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False, dtype=policy),
            norm(),
            layers.LeakyReLU(negative_slope=SLOPE, dtype=policy),
            layers.Conv2DTranspose(3, 5, strides=2, padding="same", use_bias=False, dtype=policy),
            layers.Activation("tanh", dtype="float32"),
        ]
    )


def make_critic(policy: str) -> keras.Model:
    """The article's critic: a picture in, one logit out."""
    return keras.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(64, 5, strides=2, padding="same", dtype=policy),
            layers.LeakyReLU(negative_slope=SLOPE, dtype=policy),
            layers.Dropout(0.3, dtype=policy),
            layers.Conv2D(128, 5, strides=2, padding="same", dtype=policy),
            layers.LeakyReLU(negative_slope=SLOPE, dtype=policy),
            layers.Dropout(0.3, dtype=policy),
            layers.Flatten(dtype=policy),
            layers.Dense(1, dtype=policy),
            layers.Activation("linear", dtype="float32"),
        ]
    )


def entropy(logits: tf.Tensor, target: float) -> tf.Tensor:
    """Binary cross-entropy from logits."""
    targets = tf.fill(tf.shape(logits), target)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits))


class Variant:
    """One pair of networks with its compiled step."""

    def __init__(self, name: str, images: np.ndarray) -> None:
        form, precision, compiler = name.split("-")
        policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
        self.images = images
        self.random = np.random.default_rng(1)
        self.generator, self.critic = make_generator(policy), make_critic(policy)
        self.generator_adam = keras.optimizers.Adam(1e-4, beta_1=0.5)
        self.critic_adam = keras.optimizers.Adam(1e-4, beta_1=0.5)
        self.generator_adam.build(self.generator.trainable_variables)
        self.critic_adam.build(self.critic.trainable_variables)
        step = self.turns if form == "turns" else self.together
        self.step = tf.function(step, jit_compile=compiler == "xla", autograph=False)

    def turns(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A critic step on real and generated pictures, then a generator step with fresh noise."""
        real = tf.cast(images, tf.float32) / 127.5 - 1.0
        made = self.generator(tf.random.normal((BATCH, LATENT)), training=True)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in self.critic.trainable_variables])
            critic_loss = entropy(self.critic(real, training=True), 1.0)
            critic_loss += entropy(self.critic(made, training=True), 0.0)
        self._update(tape, critic_loss, self.critic, self.critic_adam)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in self.generator.trainable_variables])
            made = self.generator(tf.random.normal((BATCH, LATENT)), training=True)
            generator_loss = entropy(self.critic(made, training=True), 1.0)
        self._update(tape, generator_loss, self.generator, self.generator_adam)
        return critic_loss, generator_loss

    def together(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Both gradients from one forward pass, as TensorFlow's DCGAN tutorial takes them."""
        real = tf.cast(images, tf.float32) / 127.5 - 1.0
        with tf.GradientTape() as generator_tape, tf.GradientTape() as critic_tape:
            made = self.generator(tf.random.normal((BATCH, LATENT)), training=True)
            on_real = self.critic(real, training=True)
            on_made = self.critic(made, training=True)
            generator_loss = entropy(on_made, 1.0)
            critic_loss = entropy(on_real, 1.0) + entropy(on_made, 0.0)
        self._update(generator_tape, generator_loss, self.generator, self.generator_adam)
        self._update(critic_tape, critic_loss, self.critic, self.critic_adam)
        return critic_loss, generator_loss

    def _update(
        self, tape: tf.GradientTape, loss: tf.Tensor, net: keras.Model, adam: keras.optimizers.Optimizer
    ) -> None:
        gradients = tape.gradient(loss, net.trainable_variables)
        adam.apply(gradients, net.trainable_variables)

    def one(self) -> tuple[tf.Tensor, tf.Tensor]:
        """One step on a random batch; the data is in memory, so that loading costs Keras nothing."""
        chosen = self.random.integers(0, len(self.images), BATCH)
        return self.step(tf.constant(self.images[chosen]))

    def train(self, seconds: float) -> dict[str, object]:
        """Whole steps until the time is up."""
        steps, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            losses = [float(loss) for loss in self.one()]
            steps += 1
        return {
            "images": steps * BATCH,
            "seconds": time.perf_counter() - started,
            "losses": losses,
        }


def check(request: dict[str, object]) -> dict[str, object]:
    """Pictures (batch statistics) and logits (no dropout) in float32 with the weights given."""
    given = np.load(str(request["weights"]))
    generator, critic = make_generator("float32", float(request["epsilon"])), make_critic("float32")
    for net, prefix in ((generator, "generator"), (critic, "critic")):
        for number, variable in enumerate(net.trainable_variables):
            variable.assign(given[f"{prefix}/{number}"])
    made = generator(given["noise"], training=True)
    logits = critic(given["pictures"], training=False)
    np.savez(str(request["out"]), made=made.numpy(), logits=logits.numpy())
    return {"parameters": [generator.count_params(), critic.count_params()]}


def peak(size: int = 2048, repeats: int = 8) -> dict[str, float]:
    """Multiply-adds a second of this framework's own square matrix product, best of the repeats."""
    rates = {}
    for dtype in (tf.float32, tf.bfloat16):
        a = tf.cast(tf.random.normal((size, size)), dtype)
        best = 0.0
        for _ in range(repeats):
            started = time.perf_counter()
            _ = tf.matmul(a, a).numpy()
            best = max(best, size**3 / (time.perf_counter() - started))
        rates[dtype.name] = best
    return rates


def answer(request: dict[str, object], variants: dict[str, Variant]) -> dict[str, object]:
    """One request, answered."""
    match request["do"]:
        case "about":
            threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
            return {"tensorflow": tf.__version__, "keras": keras.__version__, "threads": threads}
        case "build":
            started = time.perf_counter()
            variant = Variant(str(request["variant"]), np.load(str(request["images"]), mmap_mode="r"))
            for _ in range(3):
                variant.one()
            variants[str(request["variant"])] = variant
            return {"seconds": time.perf_counter() - started}
        case "train":
            return variants[str(request["variant"])].train(float(request["seconds"]))
        case "check":
            return check(request)
        case "peak":
            return peak()
    message = f"unknown request {request['do']}"
    raise ValueError(message)


def main() -> None:
    """Answer until stdin closes."""
    variants: dict[str, Variant] = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), variants)
        except Exception as error:  # noqa: BLE001 - a variant that cannot run is a result, told to the other side
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        ANSWERS.write(json.dumps(reply) + "\n")
        ANSWERS.flush()


if __name__ == "__main__":
    main()
