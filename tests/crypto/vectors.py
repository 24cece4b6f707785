#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Known answers for wrap_test.cpp and identity_test.cpp, made with other libraries than lib/crypto uses.

BLAKE2b comes from hashlib, ChaCha20-Poly1305, Ed25519 and X25519 from OpenSSL (python3-cryptography), and
HChaCha20 is written out below. Only the sealed box needs python3-nacl, for XSalsa20.

Run it and compare what it prints with the constants in the tests: it takes no arguments and no random numbers.
"""

import hashlib
import struct

import nacl.bindings
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MASTER_KEY = bytes(range(32))
NONCE = bytes(range(0x40, 0x58))
PLAIN = b"not a key, but wrapped like one"


def blake2b(data, key=b""):
    return hashlib.blake2b(data, key=key, digest_size=32).digest()


def hchacha20(key, nonce16):
    """draft-irtf-cfrg-xchacha, 2.2."""
    words = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))

    def rotate(x, n):
        return (x << n | x >> (32 - n)) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            words[x] = (words[x] + words[y]) & 0xFFFFFFFF
            words[z] = rotate(words[z] ^ words[x], n)

    for _ in range(10):
        for i in range(4):
            quarter(i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter(i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12)
    return struct.pack("<8I", *words[:4], *words[12:])


def xchacha20_poly1305(key, nonce, plain, aad):
    subkey = hchacha20(key, nonce[:16])
    return ChaCha20Poly1305(subkey).encrypt(bytes(4) + nonce[16:], plain, aad)


def fields(*values):
    return b"".join(struct.pack(">I", len(value)) + value for value in values)


def wrapped():
    epoch = struct.pack(">I", 7)
    aad = fields(
        bytes([1]),                               # format version
        bytes(range(0x10, 0x20)),                 # cluster
        b"\x07example\x04test\x00",               # zone
        b"KSK",
        bytes([13]),                              # algorithm
        struct.pack(">H", 0xBEEF),                # key tag
        struct.pack(">I", 42),                    # generation
        bytes(range(0x20, 0x30)),                 # owner
        b"20260601080000.000000042Z",             # created
        epoch,
        bytes(range(0x80, 0xA0)),                 # fingerprint
    )
    rest = NONCE + blake2b(aad)
    sealed = xchacha20_poly1305(blake2b(b"enc" + rest, MASTER_KEY), NONCE, PLAIN, aad)
    return bytes([1]) + epoch + blake2b(b"com" + rest, MASTER_KEY) + NONCE + sealed


def raw(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sealing_private_key(seed):
    """crypto_box_seed_keypair."""
    return hashlib.sha512(seed).digest()[:32]


def identity(signing_seed, sealing_seed):
    signing = Ed25519PrivateKey.from_private_bytes(signing_seed)
    sealing = X25519PrivateKey.from_private_bytes(sealing_private_key(sealing_seed))
    return b"rollcall-identity-1\n" + signing_seed + raw(signing) + sealing_seed + raw(sealing)


def sealed_box(plain, recipient, ephemeral_seed):
    """crypto_box_seal with a chosen ephemeral key."""
    private = sealing_private_key(ephemeral_seed)
    public = raw(X25519PrivateKey.from_private_bytes(private))
    nonce = hashlib.blake2b(public + recipient, digest_size=24).digest()
    return public + nacl.bindings.crypto_box(plain, nonce, recipient, private)


def main():
    stored = identity(bytes(range(32)), bytes(range(32, 64)))
    signer = Ed25519PrivateKey.from_private_bytes(stored[20:52])
    answers = {
        "wrapped": wrapped(),
        "check value": blake2b(b"kcv", MASTER_KEY),
        "identity": stored,
        "signature of PLAIN": signer.sign(PLAIN),
        "MASTER_KEY sealed to it": sealed_box(MASTER_KEY, stored[116:148], bytes(range(64, 96))),
    }
    for name, answer in answers.items():
        print(f"{name}: {answer.hex()}")


if __name__ == "__main__":
    main()
