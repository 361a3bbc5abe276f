using System.Text;
using Lethe.Capture.Decoding.ContentCodings;

namespace Lethe.Capture.Tests.Decoding;

public sealed class ContentDecoderTests
{
    private static readonly byte[] Plain = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 500).Select(i => $"{{\"line\":{i}}}\n")));

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("deflate")]
    [InlineData("raw-deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void Each_coding_is_undone(string coding)
    {
        var decoded = ContentDecoder.Decode(Coded.Encode(Plain, coding), coding == "raw-deflate" ? "deflate" : coding);

        Assert.Equal((null, false), (decoded.Reason, decoded.Salvaged));
        Assert.Equal(Plain, decoded.Bytes.ToArray());
    }

    [Fact]
    public void Stacked_codings_are_undone_last_first()
    {
        var decoded = ContentDecoder.Decode(Coded.Encode(Coded.Encode(Coded.Encode(Plain, "gzip"), "br"), "zstd"), " GZIP , identity,br,Zstd ");

        Assert.Equal(Plain, decoded.Bytes.ToArray());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void Concatenated_members_are_read_to_the_last(string coding)
    {
        byte[] body = [.. Coded.Encode(Plain, coding), .. Coded.Encode(Plain, coding)];

        Assert.Equal((byte[])[.. Plain, .. Plain], ContentDecoder.Decode(body, coding).Bytes.ToArray());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("raw-deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void A_body_cut_at_any_byte_gives_a_prefix_or_a_reason(string coding)
    {
        var body = Coded.Encode(Plain, coding);
        for (var cut = 0; cut < body.Length; cut += 7)
        {
            var decoded = ContentDecoder.Decode(body.AsMemory(0, cut), coding == "raw-deflate" ? "deflate" : coding);

            Assert.True(Plain.AsSpan().StartsWith(decoded.Bytes.Span));
            Assert.True(decoded.Salvaged || decoded.Reason == "content_coding_corrupt" || decoded.Bytes.Length == Plain.Length, $"cut at {cut}");
        }
    }

    [Fact]
    public void Flushed_output_of_a_cut_stream_is_kept()
    {
        var body = Coded.GzipFlushed("event: a\n\n", "event: b\n\n");

        var decoded = ContentDecoder.Decode(body.AsMemory(0, body.Length - 12), "gzip");

        Assert.True(decoded.Salvaged);
        Assert.StartsWith("event: a\n\n", Encoding.UTF8.GetString(decoded.Bytes.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void Output_past_the_bound_is_refused(string coding)
    {
        var body = Coded.Encode(new byte[100_000], coding);

        Assert.Equal("decoded_too_large", ContentDecoder.Decode(body, coding, 99_999).Reason);
        Assert.Null(ContentDecoder.Decode(body, coding, 100_000).Reason);
    }

    [Theory]
    [InlineData("compress")]
    [InlineData("gzip, snappy")]
    [InlineData("gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip")]
    public void An_unknown_coding_is_a_reason(string encoding) =>
        Assert.Equal("content_coding_unknown", ContentDecoder.Decode(Plain, encoding).Reason);

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void Bytes_that_are_not_in_the_coding_are_a_reason(string coding) =>
        Assert.Equal("content_coding_corrupt", ContentDecoder.Decode("plain text, whatever the header says"u8.ToArray(), coding).Reason);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  Identity , identity")]
    public void Plain_bodies_stay_as_they_are(string? encoding) =>
        Assert.Equal(Plain, ContentDecoder.Decode(Plain, encoding).Bytes.ToArray());

    [Theory]
    [InlineData("gzip", "{\"a\":1}", "")]
    [InlineData("deflate", "{\"a\":1}", "")]
    [InlineData("br", "data: {}\n\n", "")]
    [InlineData("zstd", "[1]", "")]
    [InlineData("gzip, br", "{\"a\":1}", "br")]
    [InlineData("gzip", "{\"a\":1}", "zstd")]
    [InlineData("br", "{\"a\":1}", "gzip")]
    [InlineData("zstd", "{\"a\":1}", "deflate")]
    [InlineData("gzip", "{\"a\":1}", "gzip gzip")]
    [InlineData(null, "{\"a\":1}", "gzip")]
    [InlineData(null, "data: {}\n\n", "zstd")]
    [InlineData("identity", "{\"a\":1}", "deflate")]
    [InlineData(null, "{\"a\":\"a brotli body has no mark\"}", "br")]
    [InlineData(null, "{\"a\":1}", "zstd gzip")]
    public void Where_label_and_body_disagree_the_body_is_believed(string? label, string plain, string codings)
    {
        var body = Encoding.UTF8.GetBytes(plain);
        foreach (var coding in codings.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            body = Coded.Encode(body, coding);
        }

        var decoded = ContentDecoder.Decode(body, label);

        Assert.Equal((plain, false, null), (Encoding.UTF8.GetString(decoded.Bytes.Span), decoded.Salvaged, decoded.Reason));
    }

    [Fact]
    public void What_only_begins_like_a_coding_stays_as_it_is()
    {
        byte[][] bodies = [[0x1f, 0x8b, 0x08, 1, 2, 3], [0x89, (byte)'P', (byte)'N', (byte)'G', 0, 1, 2], [0x78, 0x9c, 1, 2, 3], [0x78, 0x20, 0], [0xff, 0xfe, (byte)'{', 0]];
        foreach (var body in bodies)
        {
            Assert.Equal(body, ContentDecoder.Decode(body, null).Bytes.ToArray());
        }
    }
}
