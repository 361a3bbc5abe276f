using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests.Repeats;

/// <summary>Bodies as the journal gives them: each with the earlier one that it begins like.</summary>
internal sealed class GrownBodies
{
    private readonly List<(long Id, ReadOnlyMemory<byte> Bytes)> earlier = [];

    /// <summary>How many repeated bytes were read.</summary>
    public int Asked { get; set; }

    /// <param name="back">Which of the earlier ones is named: that many before the last.</param>
    /// <param name="again">How many of the repeated bytes are read with what is new.</param>
    public CapturedBody Take(CapturedBody body, int back = 1, int again = 0)
    {
        var bytes = body.Bytes;
        var from = earlier.Count == 0 ? default : earlier[^Math.Min(back, earlier.Count)];
        var repeated = bytes.Span.CommonPrefixLength(from.Bytes.Span);
        var origin = new GrownBody.Origin(earlier.Count + 1, from.Id, repeated);
        earlier.Add((origin.Id, bytes));
        return body with { Grown = new GrownBody(origin, bytes.Length, bytes[Math.Max(0, repeated - again)..], Read) };

        byte[] Read(int offset, int length)
        {
            Asked += length;
            return bytes.Slice(offset, length).ToArray();
        }
    }
}
