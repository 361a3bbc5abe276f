using System.Text.Json;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Reads the values of the key <c>model</c> of a JSON object (RFC 8259) that comes in parts, and keeps no more than one short string.</summary>
internal sealed class ModelScan
{
    private const int TextBytesMax = 1024;

    private readonly List<byte> text = new(64);
    private int depth;
    private bool isObject;
    private bool inString;
    private bool escaped;
    private bool atKey;
    private bool isModel;

    private bool Collects => isObject && depth == 1 && (atKey || isModel) && text.Count < TextBytesMax;

    /// <summary>The next model named in <paramref name="part"/>, which is then what follows it; null when the part is used up.</summary>
    public string? Next(ref ReadOnlySpan<byte> part)
    {
        while (!part.IsEmpty)
        {
            if (inString && !escaped)
            {
                var run = part.IndexOfAny((byte)'"', (byte)'\\');
                Collect(run < 0 ? part : part[..run]);
                part = run < 0 ? [] : part[run..];
                if (run < 0)
                {
                    return null;
                }
            }

            var letter = part[0];
            part = part[1..];
            if (!inString)
            {
                TakeStructure(letter);
            }
            else if (escaped || letter == '\\')
            {
                escaped = !escaped;
                Collect([letter]);
            }
            else if (EndString() is { } model)
            {
                return model;
            }
        }

        return null;
    }

    private void TakeStructure(byte letter)
    {
        switch (letter)
        {
            case (byte)'"':
                inString = true;
                text.Clear();
                break;
            case (byte)'{' or (byte)'[':
                isObject |= depth == 0 && letter == '{';
                atKey = depth++ == 0;
                break;
            case (byte)'}' or (byte)']':
                depth--;
                break;
            case (byte)',' when depth == 1:
                (atKey, isModel) = (true, false);
                break;
            case (byte)':' when depth == 1:
                atKey = false;
                break;
        }
    }

    private string? EndString()
    {
        inString = false;
        if (!Collects)
        {
            return null;
        }

        var told = Unescaped();
        if (atKey)
        {
            isModel = told == "model";
            return null;
        }

        return told;
    }

    private void Collect(ReadOnlySpan<byte> letters)
    {
        if (Collects)
        {
            text.AddRange(letters[..Math.Min(letters.Length, TextBytesMax - text.Count)]);
        }
    }

    // An escaped letter must not make another model of it.
    private string? Unescaped()
    {
        try
        {
            var reader = new Utf8JsonReader([(byte)'"', .. text, (byte)'"']);
            return reader.Read() ? reader.GetString() : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
