// How a node starts: with the record of its data directory, or not at all.
#include "node/node.h"

#include "stage.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LoadRecord, ANewDataDirectoryGetsAUuidOfItsOwn) {
    Script script;
    FakeStore store(&script);
    Random random(1);

    const auto durable = load_or_create_record(store, id(1), "demo", random);

    EXPECT_EQ(durable.uuid.value.size(), 32u);
    EXPECT_EQ(durable.node_id, id(1));
    EXPECT_EQ(durable.cluster_name, "demo");
    EXPECT_TRUE(durable.blank());
    EXPECT_EQ(durable.starts, 1u);
    EXPECT_EQ(*store.record, durable) << "saved before the first message";
    EXPECT_THAT(script, ElementsAre("save", "sync_twin"));
}

TEST(LoadRecord, EachStartIsCountedAndNothingElseChanges) {  // §2 starts
    FakeStore store;
    auto before = member({1, 2, 3}, 5);
    before.promise = kE;
    store.record = before;
    Random random(1);

    const auto durable = load_or_create_record(store, id(1), "demo", random);

    before.starts = 2;
    EXPECT_EQ(durable, before);
    EXPECT_EQ(*store.record, before);
}

TEST(LoadRecord, AnotherNodesRecordIsRefused) {  // §2: exit 65
    for (const auto& [node, cluster] : {std::pair{2, "demo"}, {1, "other"}}) {
        FakeStore store;
        store.record = member({1});
        const auto before = *store.record;
        Random random(1);
        try {
            (void)load_or_create_record(store, id(node), cluster, random);
            FAIL() << "taken for its own";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), 65);
            EXPECT_THAT(error.what(), HasSubstr("node.data_dir"));
        }
        EXPECT_EQ(*store.record, before);
    }
}

TEST(LoadRecord, ANodeThatCannotRememberDoesNotStart) {  // D2
    FakeStore store;
    store.broken = true;
    Random random(1);

    EXPECT_THROW((void)load_or_create_record(store, id(1), "demo", random), Error);
}

}  // namespace
}  // namespace electiond
