namespace Lethe.Capture.Decoding.Framing;

/// <summary>Finds JSON objects that follow one another, with blanks, commas or nothing between them, or as the elements of a list that may be cut.</summary>
internal struct JsonValues(ReadOnlyMemory<byte> body)
{
    private bool inList;
    private int at;

    /// <summary>True where a whole object stands on the first line and another one begins on the next: to read all as one value would be for nothing.</summary>
    public static bool AreOnLines(ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)'\n');
        return end > 0 && body[0] == '{' && body[..end].TrimEnd(" \t\r"u8)[^1] == '}' && body[end..].TrimStart(" \t\r\n"u8) is [(byte)'{', ..] && Length(body) <= end;
    }

    /// <summary>True when nothing is left but blanks and the list's end.</summary>
    public bool IsAtEnd
    {
        get
        {
            Skip();
            return at == body.Length;
        }
    }

    public bool SkipMark(ReadOnlySpan<byte> mark)
    {
        Skip();
        if (!body.Span[at..].StartsWith(mark))
        {
            return false;
        }

        at += mark.Length;
        return true;
    }

    /// <summary>The next object; null when what follows is none, or is cut.</summary>
    public ReadOnlyMemory<byte>? Next()
    {
        Skip();
        var span = body.Span;
        if (at < span.Length && span[at] == '[' && !inList)
        {
            (inList, at) = (true, at + 1);
            Skip();
        }

        if (at == span.Length || span[at] != '{' || Length(span[at..]) is not { } length)
        {
            return null;
        }

        at += length;
        return body.Slice(at - length, length);
    }

    private void Skip()
    {
        var span = body.Span;
        while (at < span.Length && (span[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',' || (inList && span[at] == ']')))
        {
            at++;
        }
    }

    private static int EndOfString(ReadOnlySpan<byte> json, int from)
    {
        while (from < json.Length)
        {
            var next = json[from..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                return json.Length;
            }

            from += next;
            if (json[from] == '"')
            {
                return from;
            }

            from += 2;
        }

        return from;
    }

    /// <summary>The length up to the brace that closes the first one; null when it does not come.</summary>
    private static int? Length(ReadOnlySpan<byte> json)
    {
        var open = 0;
        for (var i = 0; i < json.Length; i++)
        {
            switch (json[i])
            {
                case (byte)'{' or (byte)'[':
                    open++;
                    break;
                case (byte)'}' or (byte)']' when --open == 0:
                    return i + 1;
                case (byte)'"':
                    i = EndOfString(json, i + 1);
                    break;
            }
        }

        return null;
    }
}
