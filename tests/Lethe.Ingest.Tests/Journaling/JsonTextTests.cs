using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

public sealed class JsonTextTests
{
    [Fact]
    public void Every_byte_at_every_place_of_a_vector_is_escaped_as_JSON_wants()
    {
        for (var value = 0; value < 0x80; value++)
        {
            foreach (var length in Enumerable.Range(1, 35).Concat(Enumerable.Range(62, 6)))
            {
                for (var at = 0; at < length; at += 3)
                {
                    var plain = Enumerable.Repeat((byte)'a', length).ToArray();
                    plain[at] = (byte)value;
                    var destination = new byte[JsonText.EscapedBytesMax(length)];
                    var escaped = destination[..JsonText.Escape(plain, destination)];
                    Assert.Equal(Encoding.ASCII.GetString(plain), JsonText.Unescape(escaped));
                    Assert.Equal(Encoding.ASCII.GetString(plain), JsonSerializer.Deserialize<string>($"\"{Encoding.ASCII.GetString(escaped)}\""));
                }
            }
        }
    }

    [Fact]
    public void Escapes_close_together_and_far_apart_read_back()
    {
        var texts =
            from width in Gen.Choose(0, 70)
            from specials in Gen.Choose(0, 0x7f).ArrayOf()
            select specials.SelectMany(special => Enumerable.Repeat((byte)'a', width).Append((byte)special)).ToArray();
        Prop.ForAll(texts.ToArbitrary(), plain =>
        {
            var destination = new byte[JsonText.EscapedBytesMax(plain.Length)];

            var escaped = destination[..JsonText.Escape(plain, destination)];

            Assert.Equal(Encoding.ASCII.GetString(plain), JsonText.Unescape(escaped));
            Assert.Equal(Encoding.ASCII.GetString(plain), JsonSerializer.Deserialize<string>($"\"{Encoding.ASCII.GetString(escaped)}\""));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Too_little_room_is_refused_before_anything_is_written()
    {
        var destination = new byte[JsonText.EscapedBytesMax(64) - 1];

        Assert.Throws<ArgumentOutOfRangeException>(() => JsonText.Escape(new byte[64], destination));
        Assert.All(destination, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("\\")]
    [InlineData("\\x")]
    [InlineData("\\u12")]
    [InlineData("\\uwxyz")]
    public void An_escape_that_JSON_does_not_have_is_refused(string inside)
    {
        Assert.Throws<FormatException>(() => JsonText.Unescape(Encoding.UTF8.GetBytes(inside)));
    }
}
