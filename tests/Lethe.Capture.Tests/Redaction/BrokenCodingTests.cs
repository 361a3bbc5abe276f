using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Redaction;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;

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

    [Fact]
    public void That_a_coded_answer_was_cut_is_known_when_its_coding_was_undone_too()
    {
        var random = new System.Random(11);
        // Its stop reason has come, and what it used comes last.
        var stream = Encoding.UTF8.GetBytes(Invented.TypedEvents(
            [
                ("message_start", "\"message\":{\"id\":\"m\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}"),
                ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"hello\"}"),
                ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}"),
                .. Enumerable.Range(0, 1500).Select(_ => ("ping", $"\"n\":{random.Next()}")),
                ("message_stop", ""),
            ]));
        var redactor = new ExchangeRedactor(new CredentialKey(new byte[CredentialKey.Length]), bodies: true);
        var (compared, incomplete) = (0, 0);
        foreach (var coding in Codings.Append("gzip, br"))
        {
            var layers = coding.Split(", ");
            var whole = layers.Aggregate(stream, Coded.Encode);
            foreach (var kept in new[] { whole.Length, whole.Length * 2 / 3, whole.Length / 2, whole.Length / 3 })
            {
                var exchange = Invented.Exchange("/v1/messages", """{"stream":true}"""u8.ToArray(), whole[..kept]) with { ResponseHeaders = [new("content-encoding", coding.Replace("raw-", "", StringComparison.Ordinal))] };
                if (ContentDecoder.Decode(exchange.Response.Bytes, exchange.ResponseHeaders[0].Value).Reason is not null)
                {
                    continue;
                }

                compared++;
                var redacted = redactor.Redact(exchange);

                var (plain, after) = (new ExchangeInterpreter().Interpret(exchange), new ExchangeInterpreter().Interpret(redacted));
                Assert.Equal((coding, kept, plain.Outcome, plain.OutcomeReason), (coding, kept, after.Outcome, after.OutcomeReason));
                Assert.True(after.Outcome == Outcome.Completed || kept < whole.Length, coding);
                incomplete += after.Outcome == Outcome.Incomplete ? 1 : 0;
            }
        }

        Assert.True(compared > 15 && incomplete > 8, $"{compared} answers had anything in them, {incomplete} had no end");
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
