using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Lethe.Ingest.Meaning;

/// <summary>The SHA-256 of a prompt or a list of tools.</summary>
internal readonly record struct BlobHash
{
    // What is asked from call to call is the same array: it is hashed once.
    private static readonly ConditionalWeakTable<byte[], byte[]> Known = [];

    private readonly byte[] bytes;

    private BlobHash(byte[] bytes) => this.bytes = bytes;

    public byte[] Bytes => bytes;

    public static BlobHash Of(byte[] content) => new(Known.GetValue(content, static content => SHA256.HashData(content)));

    public bool Equals(BlobHash other) => bytes.AsSpan().SequenceEqual(other.bytes);

    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(bytes);
}
