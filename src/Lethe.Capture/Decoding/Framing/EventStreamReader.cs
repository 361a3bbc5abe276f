using System.Buffers.Binary;

namespace Lethe.Capture.Decoding.Framing;

/// <summary>What a message of an event stream is.</summary>
internal enum EventStreamMessage
{
    Event,

    /// <summary>An error that its type names, with a payload as an error response has it.</summary>
    Exception,

    /// <summary>An error that two headers tell, without a payload.</summary>
    Error,
}

/// <summary>
/// Reads the messages of an <c>application/vnd.amazon.eventstream</c> body: lengths and their CRC, headers, payload, the CRC of all. A message whose bytes
/// contradict its CRC is passed over and counted; behind lengths that contradict theirs nothing can be found again. No allocation.
/// </summary>
internal struct EventStreamReader(ReadOnlyMemory<byte> body)
{
    /// <summary>Two lengths and their CRC.</summary>
    public const int PreludeBytes = 12;

    public const int CrcBytes = 4;

    /// <summary>16 MiB of payload and 128 KiB of headers may be sent.</summary>
    private const uint MessageBytesMax = 32 * 1024 * 1024;

    private const byte StringType = 7;

    private int at;

    /// <summary>What kind of message it is.</summary>
    public EventStreamMessage Kind { get; private set; }

    /// <summary>The type of the event or exception, or the code of the error.</summary>
    public ReadOnlyMemory<byte> Name { get; private set; }

    /// <summary>The words of an error that has no payload.</summary>
    public ReadOnlyMemory<byte> Words { get; private set; }

    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>Messages that were passed over, and what is behind the last one that could be found.</summary>
    public int Unread { get; private set; }

    /// <summary>True for a body that begins as such a stream does, be it cut within its first lengths.</summary>
    public static bool Begins(ReadOnlySpan<byte> body) => body.Length < PreludeBytes ? body is [0, ..] : Lengths(body) is not null;

    /// <summary>Moves to the next message; false at the end of the body, or where it is cut.</summary>
    public bool Read()
    {
        while (at < body.Length)
        {
            var rest = body[at..];
            if (rest.Length < PreludeBytes || Lengths(rest.Span) is not var (total, headers) || total > rest.Length)
            {
                at = body.Length;
                Unread++;
                return false;
            }

            at += total;
            var message = rest[..total];
            var committed = message.Span[..^CrcBytes];
            if (Crc32.Of(committed) != BinaryPrimitives.ReadUInt32BigEndian(message.Span[^CrcBytes..]) || !ReadHeaders(message.Slice(PreludeBytes, headers)))
            {
                Unread++;
                continue;
            }

            Payload = message[(PreludeBytes + headers)..^CrcBytes];
            return true;
        }

        return false;
    }

    /// <summary>The length of the whole message and of its headers; null when they cannot be, or contradict their CRC.</summary>
    /// <param name="message">Its prelude at least.</param>
    public static (int Total, int Headers)? Lengths(ReadOnlySpan<byte> message)
    {
        var total = BinaryPrimitives.ReadUInt32BigEndian(message);
        var headers = BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        return total is >= PreludeBytes + CrcBytes and <= MessageBytesMax && headers <= total - PreludeBytes - CrcBytes
            && Crc32.Of(message[..8]) == BinaryPrimitives.ReadUInt32BigEndian(message[8..])
            ? ((int)total, (int)headers)
            : null;
    }

    private bool ReadHeaders(ReadOnlyMemory<byte> headers)
    {
        (Kind, Name, Words) = (EventStreamMessage.Event, default, default);
        while (!headers.IsEmpty)
        {
            var span = headers.Span;
            var name = 1 + span[0];
            if (name + 1 > span.Length || ValueBytes(span[name..]) is not { } value || name + 1 + value > span.Length)
            {
                return false;
            }

            if (span[name] == StringType)
            {
                Take(span[1..name], headers.Slice(name + 3, value - 2));
            }

            headers = headers[(name + 1 + value)..];
        }

        return true;
    }

    private void Take(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value)
    {
        if (name.SequenceEqual(":message-type"u8))
        {
            Kind = value.Span.SequenceEqual("exception"u8) ? EventStreamMessage.Exception
                : value.Span.SequenceEqual("error"u8) ? EventStreamMessage.Error
                : EventStreamMessage.Event;
        }
        else if (name.SequenceEqual(":event-type"u8) || name.SequenceEqual(":exception-type"u8) || name.SequenceEqual(":error-code"u8))
        {
            Name = value;
        }
        else if (name.SequenceEqual(":error-message"u8))
        {
            Words = value;
        }
    }

    /// <summary>How long the value behind a header's type is, its own length included; null for an unknown type or a cut one.</summary>
    private static int? ValueBytes(ReadOnlySpan<byte> typed) => typed[0] switch
    {
        0 or 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 or 8 => 8,
        6 or StringType when typed.Length >= 3 => 2 + BinaryPrimitives.ReadUInt16BigEndian(typed[1..]),
        9 => 16,
        _ => null,
    };
}
