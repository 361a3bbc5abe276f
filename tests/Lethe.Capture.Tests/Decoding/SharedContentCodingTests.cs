using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.ContentCodings;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The tapes project's content-encoding cases, where they lie beside the checkout.</summary>
public sealed class SharedContentCodingTests(ITestOutputHelper output)
{
    /// <summary>The corpus caps a layer at 48 MiB.</summary>
    private const long CorpusBytesMax = 48L * 1024 * 1024;

    /// <summary>The corpus has no brotli decoder; this one has, finds a body that was never coded, and keeps it as it is.</summary>
    private const string ReadableHere = "error-unsupported-encoding";

    [Fact]
    public void Every_case_ends_as_its_file_says()
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine("no shared fixtures beside this checkout: nothing was compared");
            return;
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(SharedFixtures.Directory, "tapes", "content-encoding", "cases"), "*.json"))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            Check(document.RootElement);
        }
    }

    private static void Check(JsonElement @case)
    {
        var name = @case.GetProperty("name").GetString()!;
        var (body, plain) = Build(@case.GetProperty("body"));
        var decoded = ContentDecoder.Decode(body, @case.GetProperty("encoding").GetString(), CorpusBytesMax);
        if (name == ReadableHere)
        {
            Assert.Null(decoded.Reason);
            Assert.Equal(plain, decoded.Bytes.ToArray());
            return;
        }

        var expect = @case.GetProperty("expect");
        if (expect.GetProperty("outcome").GetString() == "error")
        {
            var reason = expect.GetProperty("error").GetProperty("class").GetString() switch
            {
                "unsupported" => "content_coding_unknown",
                "oversize" => "decoded_too_large",
                _ => "content_coding_corrupt",
            };
            Assert.True(reason == decoded.Reason, $"{name}: {decoded.Reason}");
            return;
        }

        Assert.True(decoded.Reason is null, $"{name}: {decoded.Reason}");
        Assert.True(decoded.Salvaged == (expect.GetProperty("outcome").GetString() == "salvaged"), name);
        var form = expect.GetProperty("decoded");
        var wanted = form.TryGetProperty("bytes_b64", out var bytes) ? bytes.GetBytesFromBase64() : plain;
        var isPrefix = form.TryGetProperty("nonempty_prefix_of_plaintext", out _);
        Assert.True(isPrefix ? decoded.Bytes.Length > 0 && wanted.AsSpan().StartsWith(decoded.Bytes.Span) : decoded.Bytes.Span.SequenceEqual(wanted), name);
    }

    private static (byte[] Body, byte[] Plain) Build(JsonElement body)
    {
        if (body.TryGetProperty("bytes_b64", out var literal))
        {
            return (literal.GetBytesFromBase64(), []);
        }

        var build = body.GetProperty("build");
        var plain = Plain(build.GetProperty("plaintext"));
        var members = build.TryGetProperty("members", out var count) ? count.GetInt32() : 1;
        var size = plain.Length / members;
        List<byte> coded = [];
        for (var i = 0; i < members; i++)
        {
            var chunk = i == members - 1 ? plain[(i * size)..] : plain[(i * size)..((i + 1) * size)];
            coded.AddRange(build.GetProperty("layers").EnumerateArray().Aggregate(chunk, (bytes, layer) => Coded.Encode(bytes, layer.GetString()!)));
        }

        return (build.TryGetProperty("truncate", out var cut) ? Cut([.. coded], cut) : [.. coded], plain);
    }

    private static byte[] Plain(JsonElement plaintext)
    {
        if (plaintext.TryGetProperty("utf8", out var text))
        {
            return Encoding.UTF8.GetBytes(text.GetString()!);
        }

        if (plaintext.TryGetProperty("repeat_utf8", out var repeated))
        {
            return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(repeated.GetProperty("text").GetString(), repeated.GetProperty("count").GetInt32())));
        }

        var run = plaintext.GetProperty("repeat_byte");
        var bytes = new byte[run.GetProperty("count").GetInt32()];
        Array.Fill(bytes, run.GetProperty("byte").GetByte());
        return bytes;
    }

    private static byte[] Cut(byte[] body, JsonElement cut)
    {
        if (cut.TryGetProperty("drop_tail_bytes", out var tail))
        {
            return body[..^tail.GetInt32()];
        }

        return cut.TryGetProperty("keep_head_bytes", out var head)
            ? body[..head.GetInt32()]
            : body[..(int)((long)body.Length * cut.GetProperty("keep_head_ratio")[0].GetInt32() / cut.GetProperty("keep_head_ratio")[1].GetInt32())];
    }
}
