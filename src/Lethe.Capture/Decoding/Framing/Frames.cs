using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Framing;

/// <summary>How many frames a body was found to have.</summary>
/// <param name="Read">Those that were handed on.</param>
/// <param name="Unread">Pieces that nobody could read.</param>
/// <param name="Marked">True when the body's own end mark was seen.</param>
internal readonly record struct FrameCount(int Read, int Unread, bool Marked);

/// <summary>
/// Cuts a body into frames: one document, server-sent events, messages of an event stream, or JSON values one after another, on lines or in a list. What a sloppy server writes is read
/// where there is only one way to read it, for all dialects alike; the rest is counted.
/// </summary>
internal static class Frames
{
    /// <summary>Events that are not JSON are passed over, but a stream of so many is given up: each costs more than a hundred good ones.</summary>
    private const int MalformedMax = 100_000;

    private static ReadOnlySpan<byte> DoneMark => "[DONE]"u8;

    /// <summary>Hands on every frame that can be read.</summary>
    public static FrameCount Feed(ReadOnlyMemory<byte> body, BodyShape shape, FrameTaker taker)
    {
        var feed = new Feeder(taker);
        if (shape == BodyShape.Events)
        {
            for (var events = new SseReader(HalfCharacters.Mark(BodySniffer.TrimStart(body))); feed.Malformed < MalformedMax && events.Read();)
            {
                feed.Event(events.Name.Span, events.Data);
            }
        }
        else if (shape == BodyShape.Messages)
        {
            feed.Messages(new EventStreamReader(body));
        }
        else
        {
            feed.Document(BodySniffer.Trim(body));
        }

        return new FrameCount(feed.Read, feed.Unread, feed.Marked);
    }

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

    private struct Feeder(FrameTaker taker)
    {
        public int Read { get; private set; }

        public int Unread { get; private set; }

        /// <summary>Pieces that were no JSON by themselves, whatever they were in the end.</summary>
        public int Malformed { get; private set; }

        public bool Marked { get; private set; }

        public void Document(ReadOnlyMemory<byte> body)
        {
            // A character may be cut between two frames; in one document it is broken.
            using var document = JsonValues.AreOnLines(body.Span) ? null : JsonReading.TryParseLeniently(Utf8Repair.Clean(body));
            if (document is null)
            {
                Unread += Values(default, HalfCharacters.Mark(body)) ? 0 : 1;
            }
            else if (document.RootElement.ValueKind == JsonValueKind.Array && document.RootElement.GetArrayLength() > 1)
            {
                // A list is a stream too: its elements may share a character.
                var halved = HalfCharacters.Mark(body);
                using var marked = halved.Equals(body) ? null : JsonReading.TryParseLeniently(halved);
                foreach (var item in (marked ?? document).RootElement.EnumerateArray())
                {
                    Take(FrameKind.Event, default, item);
                }
            }
            else
            {
                Take(FrameKind.Document, default, document.RootElement);
            }
        }

        public void Event(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> data)
        {
            data = data.Trim(" \t\r\n"u8);
            while (data.Span.StartsWith("data:"u8))
            {
                data = data["data:".Length..].TrimStart(" \t"u8);
            }

            if (data.IsEmpty)
            {
                return;
            }

            if (data.Span.SequenceEqual(DoneMark))
            {
                Marked = true;
                return;
            }

            using var document = JsonReading.TryParseLeniently(data);
            if (document is not null)
            {
                Take(FrameKind.Event, name, document.RootElement);
            }
            else
            {
                Malformed++;
                if (!Values(name, data))
                {
                    Words(name, data);
                }
            }
        }

        public void Messages(EventStreamReader messages)
        {
            while (Malformed < MalformedMax && messages.Read())
            {
                var name = messages.Name.Span;
                var payload = messages.Payload;
                using var document = messages.Kind == EventStreamMessage.Error ? Told(messages.Name, messages.Words) : JsonReading.TryParse(HalfCharacters.Mark(payload));
                if (document is not null)
                {
                    Take(messages.Kind == EventStreamMessage.Event ? FrameKind.Event : FrameKind.Fault, name, document.RootElement);
                }
                else if (messages.Kind == EventStreamMessage.Exception)
                {
                    using var words = Told(messages.Name, payload);
                    Take(FrameKind.Fault, name, words.RootElement);
                }
                else
                {
                    // Events without a payload mark the beginning of some streams.
                    (Malformed, Unread) = (Malformed + 1, Unread + (payload.IsEmpty ? 0 : 1));
                }
            }

            Unread += messages.Unread;
        }

        /// <summary>Reads value after value; false when something is left that is none.</summary>
        private bool Values(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> body)
        {
            for (var values = new JsonValues(body); ;)
            {
                if (values.SkipMark(DoneMark))
                {
                    Marked = true;
                    continue;
                }

                if (values.Next() is not { } value)
                {
                    return values.IsAtEnd;
                }

                // What is all there is was no JSON a moment ago.
                using var document = value.Length == body.Length ? null : JsonReading.TryParseLeniently(value);
                if (document is null)
                {
                    return false;
                }

                Take(FrameKind.Event, name, document.RootElement);
            }
        }

        // A proxy in between tells its error in plain words.
        private void Words(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> words)
        {
            if (!name.SequenceEqual("error"u8))
            {
                Unread++;
                return;
            }

            using var document = JsonReading.TryParse(RawMessage.Write("error", Encoding.UTF8.GetString(words.Span)));
            Take(FrameKind.Fault, name, document!.RootElement);
        }

        private static JsonDocument Told(ReadOnlyMemory<byte> code, ReadOnlyMemory<byte> words) => JsonDocument.Parse(RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, Encoding.UTF8.GetString(code.Span));
            writer.WriteString("message"u8, Encoding.UTF8.GetString(words.Span));
            writer.WriteEndObject();
        }));

        private void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
        {
            Read++;
            taker(kind, name, json);
        }
    }
}
