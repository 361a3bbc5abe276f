namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>Zstandard (RFC 8878), concatenated frames too.</summary>
internal static class Zstd
{
    public static CodingEnd Decode(ReadOnlyMemory<byte> body, BoundedOutput output)
    {
        using var coded = new BodyStream(body);
        using var plain = new ZstdStream(coded);
        try
        {
            int read;
            while ((read = plain.Read(output.Block)) > 0)
            {
                if (!output.TryKeep(read))
                {
                    return CodingEnd.TooLarge;
                }
            }
        }
        catch (InvalidDataException)
        {
            return CodingEnd.Broken;
        }

        return plain.IsAtFrameEnd ? CodingEnd.Whole : CodingEnd.Broken;
    }
}
