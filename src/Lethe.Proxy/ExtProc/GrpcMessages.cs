using System.Buffers;
using System.Buffers.Binary;

namespace Lethe.Proxy.ExtProc;

/// <summary>Whole length-prefixed messages that follow each other in a buffer; enumerating them allocates nothing.</summary>
internal readonly struct GrpcMessages(ReadOnlySequence<byte> frames)
{
    public Enumerator GetEnumerator() => new(frames);

    /// <summary>Gives each message without its prefix.</summary>
    internal struct Enumerator(ReadOnlySequence<byte> rest)
    {
        private ReadOnlySequence<byte> rest = rest;

        public ReadOnlySequence<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (rest.IsEmpty)
            {
                return false;
            }

            Span<byte> length = stackalloc byte[4];
            rest.Slice(1, 4).CopyTo(length);
            var body = rest.Slice(5);
            Current = body.Slice(0, BinaryPrimitives.ReadUInt32BigEndian(length));
            rest = body.Slice(Current.End);
            return true;
        }
    }
}
