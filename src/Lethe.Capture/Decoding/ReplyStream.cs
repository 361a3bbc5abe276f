using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Sse;

namespace Lethe.Capture.Decoding;

/// <summary>Feeds a body's events to an assembler: server-sent events, or JSON values one a line.</summary>
internal static class ReplyStream
{
    /// <summary>Events that are not JSON are passed over, but a stream of so many is given up: each costs more than a hundred good ones.</summary>
    private const int MalformedEventsMax = 100_000;

    /// <summary>The first event of a stream that is JSON, or the whole document; null when there is none near the beginning.</summary>
    public static JsonDocument? First(ReadOnlyMemory<byte> body)
    {
        const int EventsMax = 16;
        if (BodySniffer.Sniff(body.Span) == BodyShape.Json)
        {
            return JsonReading.TryParse(BodySniffer.Trim(body));
        }

        var events = new SseReader(body);
        for (var read = 0; read < EventsMax && events.Read(); read++)
        {
            // An event of several lines lies in the reader's own memory.
            if (JsonReading.TryParse(events.Data.Trim(" \t\r\n"u8).ToArray()) is { } document)
            {
                return document;
            }
        }

        return null;
    }

    /// <summary>Returns how many events were read.</summary>
    public static int FeedEvents(ReadOnlyMemory<byte> body, IReplyAssembler assembler)
    {
        var (read, malformed) = (0, 0);
        for (var events = new SseReader(body); malformed < MalformedEventsMax && events.Read();)
        {
            var data = events.Data.Trim(" \t\r\n"u8);
            if (data.Span.SequenceEqual("[DONE]"u8))
            {
                assembler.Done();
                continue;
            }

            if (Feed(events.Name.Span, data, assembler))
            {
                read++;
            }
            else
            {
                malformed++;
                read += FeedWords(events.Name.Span, data, assembler) ? 1 : 0;
            }
        }

        return read;
    }

    /// <summary>Reads lines until one is not JSON. Returns how many were.</summary>
    public static int FeedLines(ReadOnlyMemory<byte> body, IReplyAssembler assembler)
    {
        var read = 0;
        while (!body.IsEmpty)
        {
            var end = body.Span.IndexOf((byte)'\n');
            var line = BodySniffer.Trim(end < 0 ? body : body[..end]);
            body = end < 0 ? default : body[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }

            if (!Feed(default, line, assembler))
            {
                break;
            }

            read++;
        }

        return read;
    }

    private static bool Feed(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> data, IReplyAssembler assembler)
    {
        if (data.IsEmpty)
        {
            return true;
        }

        using var document = JsonReading.TryParse(data);
        if (document is null)
        {
            return false;
        }

        assembler.Add(name, document.RootElement);
        return true;
    }

    // A proxy in between tells its error in plain words.
    private static bool FeedWords(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> words, IReplyAssembler assembler) =>
        name.SequenceEqual("error"u8) && Feed(name, RawMessage.Write("error", Encoding.UTF8.GetString(words.Span)), assembler);
}
