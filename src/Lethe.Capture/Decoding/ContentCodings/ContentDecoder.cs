namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>
/// Undoes Content-Encoding (RFC 9110 §8.4): gzip, x-gzip, deflate, br, zstd, stacked in any order, with bounded output. Where label and
/// body disagree, the body is believed: gateways undo a coding and keep its label, others lose the label.
/// </summary>
public static class ContentDecoder
{
    /// <summary>How many bytes any one layer may expand to.</summary>
    public const long OutputBytesMax = 64L * 1024 * 1024;

    /// <summary>How large a body may be that nothing has to be undone for: the JSON writer's longest string is near.</summary>
    internal const long PlainBytesMax = 128L * 1024 * 1024;

    private const int LayersMax = 8;

    /// <summary>Undoes the codings that <paramref name="contentEncoding"/> lists, the last one first. Corrupt or cut input gives what came before the fault.</summary>
    public static DecodedBody Decode(ReadOnlyMemory<byte> body, string? contentEncoding, long outputBytesMax = OutputBytesMax)
    {
        var layers = Layers(contentEncoding);
        if (layers.Count > LayersMax)
        {
            return DecodedBody.Refused("content_coding_unknown");
        }

        var decoded = body.Length > PlainBytesMax ? DecodedBody.Refused("decoded_too_large") : new DecodedBody(body, false, null);
        for (var i = layers.Count - 1; i >= 0 && decoded.Reason is null; i--)
        {
            var layer = UndoLabelled(decoded.Bytes, layers[i], outputBytesMax);
            decoded = layer with { Salvaged = layer.Salvaged || decoded.Salvaged };
        }

        for (var more = layers.Count; more < LayersMax && decoded.Reason is null && CodingSniffer.Find(decoded.Bytes.Span) is { } coding; more++)
        {
            var layer = Undo(decoded.Bytes, coding, outputBytesMax);
            if (layer.Reason == "content_coding_corrupt" || (!CodingSniffer.IsMarked(coding) && (layer.Salvaged || !CodingSniffer.IsText(layer.Bytes.Span))))
            {
                break;
            }

            decoded = layer with { Salvaged = layer.Salvaged || decoded.Salvaged };
        }

        return decoded;
    }

    private static List<string> Layers(string? contentEncoding)
    {
        List<string> layers = [];
        foreach (var token in (contentEncoding ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!token.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                layers.Add(token.ToLowerInvariant());
            }
        }

        return layers;
    }

    private static DecodedBody UndoLabelled(ReadOnlyMemory<byte> body, string coding, long outputBytesMax)
    {
        var undone = Undo(body, coding, outputBytesMax);
        if (undone is { Salvaged: false, Reason: not "content_coding_corrupt" })
        {
            return undone;
        }

        return CodingSniffer.IsText(body.Span) ? new DecodedBody(body, false, null)
            : CodingSniffer.Find(body.Span) is { } other && other != coding && Undo(body, other, outputBytesMax) is { Salvaged: false, Reason: null } found ? found
            : undone;
    }

    private static DecodedBody Undo(ReadOnlyMemory<byte> body, string coding, long outputBytesMax)
    {
        using var output = new BoundedOutput(outputBytesMax);
        CodingEnd? end = coding switch
        {
            "gzip" or "x-gzip" => Inflate.Gzip(body, output),
            "deflate" => Inflate.Deflate(body, output),
            "br" => Brotli.Decode(body.Span, output),
            "zstd" => Zstd.Decode(body, output),
            _ => null,
        };

        return end switch
        {
            null => DecodedBody.Refused("content_coding_unknown"),
            CodingEnd.TooLarge => DecodedBody.Refused("decoded_too_large"),
            CodingEnd.Broken when output.Length == 0 => DecodedBody.Refused("content_coding_corrupt"),
            _ => new DecodedBody(output.ToArray(), end == CodingEnd.Broken, null),
        };
    }
}
