using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Searching;

public sealed class SearchQueryTests
{
    [Theory]
    [InlineData("", 1, "fewer than 3 letters")]
    [InlineData("  a b ", 1, "fewer than 3 letters")]
    [InlineData("find \"me", 6, "this quote is never closed")]
    [InlineData("find \"  \"", 6, "nothing stands in these quotes")]
    [InlineData("find => here", 6, "neither a word nor 3 characters of code")]
    [InlineData("find a*b", 7, "a star stands only behind the beginning of a word")]
    [InlineData("find *", 6, "a star stands only behind the beginning of a word")]
    [InlineData("find\0it", 5, "a character that no text holds")]
    public void What_is_no_query_is_told_with_its_place(string text, int position, string why)
    {
        Assert.Null(SearchQuery.TryParse(text, out var fault));
        Assert.Equal(new SearchFault(position, why), fault);
    }

    [Fact]
    public void Half_a_character_is_refused_where_it_stands()
    {
        Assert.Null(SearchQuery.TryParse("half \ud83d", out var fault));
        Assert.Equal(6, fault!.Position);
    }

    [Fact]
    public void A_query_longer_than_its_bound_is_refused_at_the_bound()
    {
        Assert.Null(SearchQuery.TryParse(new string('a', SearchQuery.CharactersMax + 1), out var fault));
        Assert.Equal(SearchQuery.CharactersMax + 1, fault!.Position);
    }

    [Theory]
    [InlineData("Retry the test", "retry the test", "", "")]
    [InlineData("retr* test", "test", "retr", "")]
    [InlineData("scheduleRetry( x-id, 529", "", "", "scheduleretry x-id 529")]
    [InlineData("\"retry test\" toolu_01", "retry test", "", "toolu_01")]
    [InlineData("foo( v2", "foo v2", "", "")]
    [InlineData("ooks/scheduleRetry.cs:42 lu_01abc", "scheduleretry", "01abc", "ooks/scheduleretry.cs:42 lu_01abc")]
    public void Words_are_told_from_code(string text, string words, string beginnings, string code)
    {
        var query = SearchQuery.TryParse(text, out _)!;
        Assert.Equal([words, beginnings, code], [string.Join(' ', query.Words), string.Join(' ', query.Beginnings), string.Join(' ', query.Code)]);
    }

    [Fact]
    public void What_is_indexed_of_a_text_are_its_words_and_its_code()
    {
        var tokens = SearchTokens.Of(["Call scheduleRetry(attempt+1), then wait.\0 Ünï \ud83d 日本語"]);
        Assert.Equal(["1", "attempt", "call", "retry", "schedule", "scheduleretry", "then", "wait", "ünï", "日本語"], tokens.Words.Order(StringComparer.Ordinal));
        Assert.Equal(["scheduleretry(attempt+1", "ünï", "日本語"], tokens.Code.Order(StringComparer.Ordinal));
    }
}
