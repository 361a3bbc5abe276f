namespace Lethe.Capture.Decoding.Framing;

/// <summary>What a response body looks like, whatever its content-type says.</summary>
internal enum BodyShape
{
    Empty,
    Json,

    /// <summary>text/event-stream.</summary>
    Events,

    /// <summary>application/vnd.amazon.eventstream.</summary>
    Messages,

    /// <summary>Something else: HTML, plain text, binary data.</summary>
    Other,
}

/// <summary>Tells a body's shape from its first bytes: vendors send streams without a content-type and JSON as octets.</summary>
internal static class BodySniffer
{
    public static BodyShape Sniff(ReadOnlySpan<byte> body)
    {
        body = SkipBlank(body);
        if (body.IsEmpty)
        {
            return BodyShape.Empty;
        }

        if (body[0] is (byte)'{' or (byte)'[')
        {
            return BodyShape.Json;
        }

        return IsEventLine(body) ? BodyShape.Events : EventStreamReader.Begins(body) ? BodyShape.Messages : BodyShape.Other;
    }

    /// <summary>The body without a byte order mark and the blanks around it.</summary>
    public static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> body) => TrimEnd(TrimStart(body));

    /// <summary>The body without the blanks behind it.</summary>
    public static ReadOnlyMemory<byte> TrimEnd(ReadOnlyMemory<byte> body) => body.TrimEnd(" \t\r\n"u8);

    /// <summary>The body without a byte order mark and the blanks before it.</summary>
    public static ReadOnlyMemory<byte> TrimStart(ReadOnlyMemory<byte> body) => body[(body.Length - SkipBlank(body.Span).Length)..];

    private static ReadOnlySpan<byte> SkipBlank(ReadOnlySpan<byte> body)
    {
        body = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        return body.TrimStart(" \t\r\n"u8);
    }

    private static bool IsEventLine(ReadOnlySpan<byte> body)
    {
        if (body[0] == ':')
        {
            return true;
        }

        // A stream cut inside its first field name is still a stream.
        return IsField(body, "event:"u8) || IsField(body, "data:"u8) || IsField(body, "id:"u8) || IsField(body, "retry:"u8);
    }

    private static bool IsField(ReadOnlySpan<byte> body, ReadOnlySpan<byte> field) =>
        body.Length >= field.Length ? body.StartsWith(field) : field.StartsWith(body);
}
