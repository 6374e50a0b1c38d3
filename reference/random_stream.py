"""Streams of random numbers that a seed and a path determine: Philox4x32-10 (Salmon et al. 2011), keyed by the seed, whose
counter holds two FNV-1a hashes of the path. Programs that follow a run draw its permutations by them."""

MASK = 0xFFFFFFFF


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Ten rounds over four 32-bit words, least significant first, under two."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        left, right = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (right >> 32) ^ b ^ k0, right & MASK, (left >> 32) ^ d ^ k1, left & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [a, b, c, d]


def hashed(text: str, start: int) -> int:
    for character in text:
        start = ((start ^ ord(character)) * 0x01000193) & MASK
    return start


class RandomStream:
    def __init__(self, seed: int, *path: str | int) -> None:
        name = "/".join(f"{'string' if isinstance(part, str) else 'number'}:{part}" for part in path)
        self.key = [seed & MASK, seed >> 32]
        self.path = [hashed(name, 0x9747B28C), hashed(name, 0x811C9DC5)]
        self.block, self.words = 0, []

    def word(self) -> int:
        if not self.words:
            self.words = philox([self.block & MASK, self.block >> 32, *self.path], self.key)
            self.block += 1
        return self.words.pop(0)

    def integer(self, bound: int) -> int:
        """Uniform below the bound: words beyond its last whole multiple are drawn again."""
        limit = 2**32 - 2**32 % bound
        word = self.word()
        while word >= limit:
            word = self.word()
        return word % bound

    def permutation(self, length: int) -> list[int]:
        """Fisher and Yates's shuffle, from the end."""
        order = list(range(length))
        for i in range(length - 1, 0, -1):
            j = self.integer(i + 1)
            order[i], order[j] = order[j], order[i]
        return order
