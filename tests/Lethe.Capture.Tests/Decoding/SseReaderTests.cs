using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Decoding.Framing;

namespace Lethe.Capture.Tests.Decoding;

public sealed class SseReaderTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n")]
    [InlineData("data: a\r\n\r\ndata: b\r\n\r\n")]
    [InlineData("data: a\r\rdata: b\r\r")]
    [InlineData("\uFEFFdata:a\n\n: a comment\n\n\n:\ndata:b")]
    [InlineData("id: 7\nretry: 10\ndata: a\nunknown: x\n\ndataset: c\n\ndata: b\n")]
    public void Two_events_are_read_however_they_are_written(string body) =>
        Assert.Equal([("", "a"), ("", "b")], Read(body));

    [Fact]
    public void Names_last_for_one_event_and_lines_are_joined() =>
        Assert.Equal([("one", "a\n b\n\nc"), ("", "d")], Read("event: one\ndata: a\ndata:  b\ndata\ndata: c\n\nevent: lost\n\ndata: d\n\n"));

    [Fact]
    public void Blanks_inside_the_data_line_stay_for_the_reader_of_the_data() =>
        Assert.Equal([("", "{}       ")], Read("data: {}       \n\n"));

    [Fact]
    public void A_body_of_comments_has_no_events() => Assert.Empty(Read(": OPENROUTER PROCESSING\n\n: keep-alive\n\n"));

    [Fact]
    public void Line_endings_and_comments_do_not_change_what_is_read() =>
        Prop.ForAll(Events(), Layout(), (events, layout) =>
        {
            var body = Write(events, layout);
            return Read(body).SequenceEqual(events.Select(data => ("message", data))).Label(body.Replace("\r", "\\r", StringComparison.Ordinal));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_prefix_gives_whole_events_and_at_most_one_cut_one() =>
        Prop.ForAll(Events(), Layout(), ArbMap.Default.ArbFor<NonNegativeInt>(), (events, layout, cut) =>
        {
            var body = Write(events, layout);
            var read = Read(body[..Math.Min(cut.Get, body.Length)]);
            return read.Count == 0 || read.SkipLast(1).Select(item => item.Data).SequenceEqual(events.Take(read.Count - 1));
        }).QuickCheckThrowOnFailure();

    /// <summary>Data as model APIs send it: JSON on one line, or text on several.</summary>
    private static Arbitrary<string[]> Events() =>
        Gen.Elements("{\"a\":1}", "[DONE]", "x", "two\nlines", "a: b", "\ttab", "naïve – 松本", ": not a comment", "event: not a name")
            .NonEmptyListOf().Select(items => items.ToArray()).ToArbitrary();

    private static Arbitrary<int[]> Layout() => Gen.Choose(0, 23).NonEmptyListOf().Select(items => items.ToArray()).ToArbitrary();

    /// <summary>Each number chooses a line ending, a comment, a blank after the colon and extra blank lines for one event.</summary>
    private static string Write(string[] events, int[] layout)
    {
        StringBuilder body = new();
        for (var i = 0; i < events.Length; i++)
        {
            var choice = layout[i % layout.Length];
            var end = (choice % 3) switch { 0 => "\n", 1 => "\r\n", _ => "\r" };
            var blank = choice / 3 % 2 == 0 || events[i].StartsWith(' ') ? " " : "";
            body.Append("event:").Append(blank).Append("message").Append(end);
            foreach (var line in events[i].Split('\n'))
            {
                body.Append(choice / 6 % 2 == 0 ? "" : ": ping" + end).Append("data:").Append(blank).Append(line).Append(end);
            }

            body.Append(end).Append(choice / 12 % 2 == 0 ? "" : end);
        }

        return body.ToString();
    }

    private static List<(string Name, string Data)> Read(string body)
    {
        List<(string, string)> read = [];
        for (var events = new SseReader(Encoding.UTF8.GetBytes(body)); events.Read();)
        {
            read.Add((Encoding.UTF8.GetString(events.Name.Span), Encoding.UTF8.GetString(events.Data.Span)));
        }

        return read;
    }
}
