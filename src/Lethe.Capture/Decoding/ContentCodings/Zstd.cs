namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>Zstandard (RFC 8878), concatenated frames too, by the system's libzstd.</summary>
internal static class Zstd
{
    /// <summary>2^26 = 64 MiB: a frame that asks the decoder for a larger window is refused before it costs memory.</summary>
    private const int WindowLogMax = 26;

    public static unsafe CodingEnd Decode(ReadOnlySpan<byte> body, BoundedOutput output)
    {
        if (!ZstdLibrary.IsAvailable)
        {
            return CodingEnd.Unavailable;
        }

        using var stream = ZstdLibrary.CreateStream();
        _ = ZstdLibrary.SetParameter(stream, ZstdLibrary.ParameterWindowLogMax, WindowLogMax);
        fixed (byte* source = body)
        fixed (byte* block = output.Block)
        {
            var input = new ZstdLibrary.Buffer { Start = (nint)source, Size = (nuint)body.Length };
            var atFrameEnd = body.IsEmpty ? (nuint)1 : 0;
            while (true)
            {
                var plain = new ZstdLibrary.Buffer { Start = (nint)block, Size = (nuint)output.Block.Length };
                var before = input.Position;
                var result = ZstdLibrary.Decompress(stream, ref plain, ref input);
                if (!output.TryKeep((int)plain.Position))
                {
                    return CodingEnd.TooLarge;
                }

                if (ZstdLibrary.IsError(result) != 0)
                {
                    return CodingEnd.Broken;
                }

                var moved = input.Position != before || plain.Position != 0;
                atFrameEnd = moved ? result : atFrameEnd;
                if (!moved || (input.Position == input.Size && plain.Position < plain.Size))
                {
                    return atFrameEnd == 0 ? CodingEnd.Whole : CodingEnd.Broken;
                }
            }
        }
    }
}
