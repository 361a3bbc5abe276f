using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Sockets;

/// <summary>Takes one whole message, inflated, valid during the call.</summary>
internal delegate void MessageTaker(ReadOnlyMemory<byte> message);

/// <summary>
/// Reads the frames of one direction (RFC 6455 §5) out of bytes that come split anywhere: unmasks, joins fragments, inflates, passes control frames over.
/// </summary>
/// <param name="inflater">Null where nothing was agreed on.</param>
/// <param name="messageBytesMax">A longer message, on the wire or inflated, is not read.</param>
/// <param name="budget">The memory that all captures share, of which a message is held until it is taken; null for no bound but its own.</param>
internal sealed class FrameReader(MessageInflater? inflater, int messageBytesMax, CaptureBudget? budget = null) : IDisposable
{
    private const int HeaderBytesMax = 14;
    private const int ControlBytesMax = 125;
    private const int IdleBytesMax = 64 * 1024;

    private readonly byte[] header = new byte[HeaderBytesMax];
    private readonly byte[] control = new byte[ControlBytesMax];
    private ArrayBufferWriter<byte> message = new();
    private ArrayBufferWriter<byte> inflated = new();
    private int headerHeld;
    private long left;
    private int seen;
    private uint mask;
    private bool inPayload;
    private bool inMessage;
    private bool isDeflated;
    private int controlHeld;

    /// <summary>Why nothing more is read; null while all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>The code of the close frame (RFC 6455 §7.4), 1005 for one without; null before it came.</summary>
    public int? CloseCode { get; private set; }

    private byte Opcode => (byte)(header[0] & 0x0F);

    private bool IsControl => Opcode >= 8;

    private bool IsFinal => (header[0] & 0x80) != 0;

    public void Read(ReadOnlyMemory<byte> bytes, MessageTaker taker)
    {
        // Nothing may come behind a close frame (RFC 6455 §5.5.1).
        while (Fault is null && CloseCode is null && (bytes.Length > 0 || (inPayload && left == 0)))
        {
            if (!inPayload)
            {
                ReadHeader(ref bytes);
                if (IsWhole(bytes.Length))
                {
                    // All of a message, as it was said: it is read where it lies.
                    (inPayload, inMessage) = (false, false);
                    Tell(bytes[..(int)left], taker);
                    bytes = bytes[(int)left..];
                }

                continue;
            }

            var count = (int)Math.Min(left, bytes.Length);
            Take(bytes.Span[..count]);
            bytes = bytes[count..];
            left -= count;
            if (left == 0 && Fault is null)
            {
                inPayload = false;
                EndFrame(taker);
            }
        }
    }

    public void Dispose()
    {
        inflater?.Dispose();
        budget?.Give(message.WrittenCount);
        message = new ArrayBufferWriter<byte>();
    }

    private bool IsWhole(int bytesHere) =>
        inPayload && Fault is null && IsFinal && Opcode is 1 or 2 && mask == 0 && left <= bytesHere;

    private void ReadHeader(ref ReadOnlyMemory<byte> bytes)
    {
        while (headerHeld < HeaderWanted)
        {
            if (bytes.IsEmpty)
            {
                return;
            }

            var count = Math.Min(HeaderWanted - headerHeld, bytes.Length);
            bytes.Span[..count].CopyTo(header.AsSpan(headerHeld));
            bytes = bytes[count..];
            headerHeld += count;
        }

        headerHeld = 0;
        var length = header[1] & 0x7F;
        var lengthBytes = HeaderLength - 2 - MaskLength;
        left = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)),
            8 => BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(2)),
            _ => length,
        };
        mask = MaskLength == 0 ? 0 : MemoryMarshal.Read<uint>(header.AsSpan(2 + lengthBytes));
        (seen, inPayload) = (0, true);
        Fault = Objection();
        if (Fault is null && !IsControl && Opcode != 0)
        {
            (inMessage, isDeflated) = (true, (header[0] & 0x40) != 0);
        }
    }

    private int MaskLength => (header[1] & 0x80) == 0 ? 0 : 4;

    private int HeaderLength => 2 + MaskLength + ((header[1] & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 });

    // How long it is stands in its first two bytes.
    private int HeaderWanted => headerHeld < 2 ? 2 : HeaderLength;

    private string? Objection()
    {
        var isMalformed = (header[0] & 0x30) != 0
            || left < 0
            || Opcode is (> 2 and < 8) or > 10
            || (IsControl && (!IsFinal || left > ControlBytesMax || (header[0] & 0x40) != 0))
            || (!IsControl && (Opcode == 0) != inMessage)
            || ((header[0] & 0x40) != 0 && (inflater is null || Opcode == 0));
        return isMalformed ? "frame_malformed" : !IsControl && message.WrittenCount + left > messageBytesMax ? "message_too_long" : null;
    }

    private void Take(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return;
        }

        if (IsControl)
        {
            Unmask(payload, control.AsSpan(controlHeld));
            controlHeld += payload.Length;
            return;
        }

        if (budget?.TryTake(payload.Length) == false)
        {
            Fault = "memory";
            return;
        }

        Unmask(payload, message.GetSpan(payload.Length));
        message.Advance(payload.Length);
    }

    private void Unmask(ReadOnlySpan<byte> payload, Span<byte> into)
    {
        payload.CopyTo(into);
        if (mask != 0)
        {
            into = into[..payload.Length];
            Span<byte> key = stackalloc byte[8];
            Span<byte> four = stackalloc byte[4];
            MemoryMarshal.Write(four, mask);
            for (var i = 0; i < key.Length; i++)
            {
                key[i] = four[(seen + i) & 3];
            }

            var words = MemoryMarshal.Cast<byte, ulong>(into);
            var word = MemoryMarshal.Read<ulong>(key);
            for (var i = 0; i < words.Length; i++)
            {
                words[i] ^= word;
            }

            for (var i = words.Length * 8; i < into.Length; i++)
            {
                into[i] ^= key[i & 7];
            }
        }

        seen = (seen + payload.Length) & 3;
    }

    private void EndFrame(MessageTaker taker)
    {
        if (IsControl)
        {
            if (Opcode == 8)
            {
                CloseCode ??= controlHeld >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(control) : 1005;
            }

            controlHeld = 0;
        }
        else if (IsFinal)
        {
            EndMessage(taker);
        }
    }

    private void EndMessage(MessageTaker taker)
    {
        inMessage = false;
        Tell(message.WrittenMemory, taker);
        budget?.Give(message.WrittenCount);
        message = Emptied(message);
    }

    private void Tell(ReadOnlyMemory<byte> said, MessageTaker taker)
    {
        if (!isDeflated)
        {
            taker(said);
            return;
        }

        Fault = inflater!.Inflate(said, inflated, messageBytesMax, budget);
        if (Fault is null)
        {
            taker(inflated.WrittenMemory);
        }

        budget?.Give(inflated.WrittenCount);
        inflated = Emptied(inflated);
    }

    // One long message does not hold its memory for the rest of a long connection.
    private static ArrayBufferWriter<byte> Emptied(ArrayBufferWriter<byte> used)
    {
        if (used.Capacity > IdleBytesMax)
        {
            return new ArrayBufferWriter<byte>();
        }

        used.ResetWrittenCount();
        return used;
    }
}
