using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Redaction;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Redaction;

public sealed class BrokenCodingTests
{
    private static readonly string[] Codings = ["gzip", "deflate", "raw-deflate", "br", "zstd"];

    [Fact]
    public void What_is_kept_of_a_broken_coding_is_the_same_however_it_came()
    {
        // Text that does not shrink to nothing, so that a fault has blocks before it and behind it.
        var random = new System.Random(7);
        var words = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1500).Select(i => $"data: {{\"n\":{random.Next()},\"key\":\"sk-ant-api03-{i}\"}}\n\n")));
        var coded = Codings.ToDictionary(coding => coding, coding => Coded.Encode(words, coding));
        var kept = 0;

        var ways = from coding in Gen.Elements(Codings)
                   from place in Gen.Choose(0, 999)
                   from bits in Gen.Choose(1, 255)
                   from isLabelled in Gen.Elements(true, false)
                   from parts in Gen.Choose(1, 9_000).NonEmptyListOf()
                   select (coding, place, bits, isLabelled, parts);

        Prop.ForAll(
            ways.ToArbitrary(),
            way =>
            {
                var (coding, place, bits, isLabelled, parts) = way;
                var body = coded[coding].ToArray();
                body[body.Length * place / 1000] ^= (byte)bits;
                string label = isLabelled || coding is not ("gzip" or "zstd") ? coding == "raw-deflate" ? "deflate" : coding : "";

                var whole = Keep(body, label, [body.Length]);
                var split = Keep(body, label, [.. parts]);

                Assert.Equal(whole.Reason, split.Reason);
                Assert.Equal(whole.Text, split.Text);
                kept += whole.Text.Length > 0 && whole.Reason is not null ? 1 : 0;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

        Assert.True(kept > 20, $"only {kept} bodies were kept up to their fault");
    }

    private static (string Text, string? Reason) Keep(byte[] body, string label, int[] parts)
    {
        using var redactor = ExchangeRedactor.OpenBody(label.Length == 0 ? [] : [new("content-encoding", label)]);
        using var output = new MemoryStream();
        for (var (at, i) = (0, 0); at < body.Length; i++)
        {
            var count = Math.Min(parts[i % parts.Length], body.Length - at);
            output.Write(redactor.Append(body.AsSpan(at, count)));
            at += count;
        }

        output.Write(redactor.Complete());
        return (Encoding.UTF8.GetString(output.ToArray()), redactor.WithheldReason);
    }
}
