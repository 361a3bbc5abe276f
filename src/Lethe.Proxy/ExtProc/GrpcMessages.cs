using System.Buffers;
using System.Buffers.Binary;

namespace Lethe.Proxy.ExtProc;

/// <summary>Whole length-prefixed messages that follow each other in a buffer; enumerating them allocates nothing.</summary>
internal readonly struct GrpcMessages(ReadOnlySequence<byte> frames)
{
    /// <summary>The flag for compression, and the length of what follows, big-endian (gRPC, <c>doc/PROTOCOL-HTTP2.md</c>).</summary>
    public const int PrefixBytes = 5;

    public Enumerator GetEnumerator() => new(frames);

    /// <summary>False when not even the prefix of the next message is there.</summary>
    public static bool TryReadPrefix(in ReadOnlySequence<byte> frames, out byte flag, out uint length)
    {
        Span<byte> copy = stackalloc byte[PrefixBytes];
        scoped var prefix = frames.FirstSpan;
        if (prefix.Length < PrefixBytes)
        {
            if (frames.Length < PrefixBytes)
            {
                (flag, length) = (0, 0);
                return false;
            }

            frames.Slice(0, PrefixBytes).CopyTo(copy);
            prefix = copy;
        }

        (flag, length) = (prefix[0], BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
        return true;
    }

    /// <summary>Gives each message without its prefix.</summary>
    internal struct Enumerator(ReadOnlySequence<byte> rest)
    {
        private ReadOnlySequence<byte> rest = rest;

        public ReadOnlySequence<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (!TryReadPrefix(rest, out _, out var length))
            {
                return false;
            }

            Current = rest.Slice(PrefixBytes, length);
            rest = rest.Slice(Current.End);
            return true;
        }
    }
}
