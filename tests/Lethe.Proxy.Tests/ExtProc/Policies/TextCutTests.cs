using System.Text;
using Lethe.Proxy.ExtProc.Policies;

namespace Lethe.Proxy.Tests.ExtProc.Policies;

public sealed class TextCutTests
{
    [Fact]
    public void A_piece_ends_between_characters_wherever_the_bound_falls()
    {
        var text = Encoding.UTF8.GetBytes("aü漢👩b");
        for (var max = 4; max <= text.Length; max++)
        {
            var piece = text[..TextCut.Piece(text, max)];
            Assert.Equal(piece, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(piece)));
            Assert.InRange(piece.Length, Math.Max(1, max - 3), max);
        }
    }

    [Theory]
    [InlineData("data: a\n\ndata: b\n", 15, 9)]
    [InlineData("data: a\r\n\r\ndata: b", 16, 11)]
    [InlineData("one\ntwo", 5, 4)]
    [InlineData("short", 9, 5)]
    public void A_piece_ends_after_an_event_or_a_line_where_there_is_one(string text, int max, int expected) =>
        Assert.Equal(expected, TextCut.Piece(Encoding.UTF8.GetBytes(text), max));

    [Theory]
    [InlineData("data: a\n\ndata", true, 9)]
    [InlineData("data: a", true, 0)]
    [InlineData("data: a", false, 7)]
    public void What_may_go_on_ends_after_an_event(string text, bool isEvents, int expected) =>
        Assert.Equal(expected, TextCut.WholeFront(Encoding.UTF8.GetBytes(text), isEvents, 100));

    [Fact]
    public void What_is_no_text_goes_on_all_the_same() => Assert.Equal(5, TextCut.WholeFront([0x80, 0x80, 0x80, 0x80, 0x80], false, 100));
}
