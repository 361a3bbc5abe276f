using System.Buffers;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>The fields of one protobuf message, one after the other (protobuf encoding, proto3: no groups). Copies nothing.</summary>
internal ref struct WireFields(in ReadOnlySequence<byte> message)
{
    private SequenceReader<byte> reader = new(message);

    public int Number { get; private set; }

    /// <summary>True for a length-delimited field; then <see cref="Bytes"/> holds its content.</summary>
    public bool IsBytes { get; private set; }

    public ReadOnlySequence<byte> Bytes { get; private set; }

    /// <summary>The value of a varint field; 0 for others.</summary>
    public ulong Varint { get; private set; }

    /// <summary>True when the bytes stopped making sense; no field follows.</summary>
    public bool IsMalformed { get; private set; }

    public bool TryNext()
    {
        if (IsMalformed || reader.End)
        {
            return false;
        }

        IsMalformed = !TryReadField();
        return !IsMalformed;
    }

    private bool TryReadField()
    {
        if (!TryReadVarint(out var tag) || tag >> 3 is 0 or > 536_870_911)
        {
            return false;
        }

        (Number, IsBytes, Bytes, Varint) = ((int)(tag >> 3), false, default, 0);
        switch (tag & 7)
        {
            case 0:
                var read = TryReadVarint(out var value);
                Varint = value;
                return read;
            case 1:
                return TrySkip(sizeof(ulong));
            case 2:
                IsBytes = true;
                return TryReadVarint(out var length) && length <= int.MaxValue && TryTake((int)length);
            case 5:
                return TrySkip(sizeof(uint));
            default:
                return false;
        }
    }

    private bool TryTake(int length)
    {
        if (reader.Remaining < length)
        {
            return false;
        }

        Bytes = reader.UnreadSequence.Slice(0, length);
        reader.Advance(length);
        return true;
    }

    private bool TrySkip(int length)
    {
        if (reader.Remaining < length)
        {
            return false;
        }

        reader.Advance(length);
        return true;
    }

    private bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (!reader.TryRead(out var next))
            {
                return false;
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
